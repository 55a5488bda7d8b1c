// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {ActualsRegistry} from "../contracts/ActualsRegistry.sol";
import {Settlement} from "../contracts/Settlement.sol";
import {IQuantileScorer} from "../contracts/interfaces/IQuantileScorer.sol";
import {ISettlement} from "../contracts/interfaces/ISettlement.sol";
import {vm} from "../test/support/Vm.sol";
import {RoundFixture} from "./RoundFixture.sol";

/// @dev From the opening of a round to its scores: what counts, and what a cheat gains by it.
contract RevealsTest is RoundFixture {
    function setUp() public override {
        super.setUp();
        enter(carol, 1_000);
        enter(dave, 1_000);
    }

    function refuse(bytes memory reason, Sealed memory run, uint256 from, uint256 to) internal {
        // The expectation must be set right before the call, so the call is made by this contract from outside.
        try this.revealFromOutside(run, from, to) {
            check(false, "should have been refused");
        } catch (bytes memory given) {
            check(keccak256(given) == keccak256(reason), "refused for another reason");
        }
    }

    function revealFromOutside(Sealed memory run, uint256 from, uint256 to) external {
        revealPart(run, measured(500, PERIODS), from, to);
    }

    function test_a_round_opens_on_the_final_version_and_fixes_who_is_in_it() public {
        makeFinal(measured(500, PERIODS));
        vm.prank(PROVIDER);
        actuals.propose(PRODUCT, SLOT, keccak256("doubtful"), 1);
        uint64 deadline = uint64(block.timestamp) + REVEAL_WINDOW;
        vm.expectEmit(true, true, true, true, address(settlement));
        emit ISettlement.RoundOpened(PRODUCT, SLOT, 1, deadline);
        settlement.open(PRODUCT, SLOT);
        ISettlement.Round memory round = settlement.round(PRODUCT, SLOT);
        check(round.state == ISettlement.RoundState.Revealing && round.deadline == deadline, "open");
        check(round.actualsVersion == 1 && round.leafCount == PERIODS, "what");
        same(settlement.participants(PRODUCT, SLOT).length, 2, "who");

        vm.warp(block.timestamp + UNBONDING);
        vm.prank(carol);
        settlement.leave(PRODUCT);
        same(settlement.participants(PRODUCT, SLOT).length, 2, "still");
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WrongState.selector, ISettlement.RoundState.Revealing));
        settlement.open(PRODUCT, SLOT);
    }

    function test_without_final_actuals_or_terms_there_is_no_round() public {
        vm.warp(SLOT + 2 days);
        propose();
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NoActuals.selector, PRODUCT, SLOT));
        settlement.open(PRODUCT, SLOT);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NoTerms.selector, keccak256("other"), SLOT));
        settlement.open(keccak256("other"), SLOT);
    }

    function test_a_round_opens_not_before_the_last_gate() public {
        vm.warp(SLOT + 1);
        actuals = new ActualsRegistry(operations, token, pool, arbiter, BOND, 1, 1);
        settlement = new Settlement(operations, registry, pool, actuals, scorer);
        settlement.setTerms(PRODUCT, SLOT + 2, terms());
        vm.startPrank(PROVIDER);
        token.approve(address(actuals), BOND);
        vm.warp(SLOT + 3);
        actuals.propose(PRODUCT, SLOT + 2, keccak256("hasty"), 1);
        vm.stopPrank();
        vm.warp(SLOT + 2 + GATE_WINDOW - 1);
        actuals.finalize(PRODUCT, SLOT + 2);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.Deadline.selector, SLOT + 2 + GATE_WINDOW));
        settlement.open(PRODUCT, SLOT + 2);
        vm.warp(SLOT + 2 + GATE_WINDOW);
        settlement.open(PRODUCT, SLOT + 2);
    }

    function test_a_round_opens_only_if_it_ends_before_a_stake_can_be_gone() public {
        makeFinal(measured(500, PERIODS));
        uint64 last = SLOT + UNBONDING - 2 * REVEAL_WINDOW;
        vm.warp(last + 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.Deadline.selector, SLOT + UNBONDING));
        settlement.open(PRODUCT, SLOT);
        vm.warp(last);
        settlement.open(PRODUCT, SLOT);
    }

    function test_a_full_reveal_is_scored() public {
        Sealed memory run = seal(CAROL_KEY, 600);
        opened(500);
        vm.expectEmit(true, true, true, true, address(settlement));
        emit ISettlement.Revealed(PRODUCT, SLOT, carol, uint32(PERIODS), PERIODS * ONE / 10);
        reveal(run, 500);
        same(scoreOf(carol), ONE / 10, "a tenth");
        ISettlement.Tally memory tally = settlement.tally(PRODUCT, SLOT, carol);
        check(tally.revealed == PERIODS && tally.sealedLeaves == PERIODS, "all");
        check(tally.sum == PERIODS * ONE / 10, "sum");
        check(tally.lastSeries == SERIES && tally.lastTarget == GATE + 900 * (PERIODS - 1), "last");
    }

    function test_what_is_not_revealed_is_as_bad_as_can_be() public {
        Sealed memory run = seal(CAROL_KEY, 500);
        opened(500);
        same(scoreOf(carol), ONE, "nothing revealed");
        countLeaves(run);
        same(scoreOf(carol), ONE, "counting is not revealing");
        revealPart(run, measured(500, PERIODS), 0, 2);
        same(scoreOf(carol), ONE * 3 / 5, "two of five are perfect");
        revealPart(run, measured(500, PERIODS), 2, 5);
        same(scoreOf(carol), 0, "all are");
        same(scoreOf(address(0x123)), ONE, "who never sealed");
        same(settlement.scoreOf(PRODUCT, SLOT + 1, carol), ONE, "no such round");
    }

    function test_a_part_is_refused_before_the_leaves_are_counted() public {
        Sealed memory run = seal(CAROL_KEY, 500);
        opened(500);
        refuse(abi.encodeWithSelector(ISettlement.NotCounted.selector, run.batch.root), run, 0, 2);
    }

    function test_many_answers_to_one_question_cost_more_than_they_bring() public {
        // Twice five periods in one tree: once as if it were windy, once as if calm.
        IQuantileScorer.ForecastLeaf[] memory both = new IQuantileScorer.ForecastLeaf[](2 * PERIODS);
        IQuantileScorer.ForecastLeaf[] memory windy = leavesOf(900, PERIODS);
        IQuantileScorer.ForecastLeaf[] memory calm = leavesOf(100, PERIODS);
        for (uint256 i; i < PERIODS; ++i) {
            both[i] = windy[i];
            both[PERIODS + i] = calm[i];
        }
        Sealed memory run = seal(CAROL_KEY, both, GATE, levels());
        run.batch.leafCount = uint32(2 * PERIODS);
        opened(900);
        countLeaves(run);
        same(settlement.tally(PRODUCT, SLOT, carol).sealedLeaves, 10, "all are counted");

        uint256[] memory picks = new uint256[](PERIODS);
        for (uint256 i; i < PERIODS; ++i) {
            picks[i] = i;
        }
        IQuantileScorer.MultiProof memory forecastProof = proofOf(hashes(both), picks);
        uint256[] memory all = picks;
        IQuantileScorer.ActualLeaf[] memory answers = measured(900, PERIODS);
        settlement.reveal(
            carol, run.batch, levels(), windy, forecastProof, answers, proofOf(hashes(answers), all)
        );
        same(scoreOf(carol), ONE / 2, "the calm half counts as the worst");
    }

    function test_a_node_cannot_be_counted_as_a_leaf() public {
        Sealed memory run = seal(CAROL_KEY, 500);
        opened(500);
        bytes32[] memory nodes = new bytes32[](2);
        nodes[0] = run.batch.root;
        vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.NotUnderRoot.selector, run.batch.root));
        settlement.countLeaves(carol, run.batch, nodes);
        vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.NotUnderRoot.selector, run.batch.root));
        settlement.countLeaves(carol, run.batch, new bytes32[](0));
    }

    function test_leaves_are_counted_by_anybody_any_number_of_times() public {
        Sealed memory run = seal(CAROL_KEY, 500);
        opened(500);
        vm.prank(ALICE);
        settlement.countLeaves(carol, run.batch, inner(run.leaves));
        countLeaves(run);
        same(settlement.tally(PRODUCT, SLOT, carol).sealedLeaves, PERIODS, "five");
    }

    function testFuzz_every_tree_is_counted_as_it_is(uint8 size) public {
        uint256 count = uint256(size) % 40 + 1;
        Sealed memory run = seal(CAROL_KEY, leavesOf(500, count), GATE, levels());
        opened(500);
        countLeaves(run);
        same(settlement.tally(PRODUCT, SLOT, carol).sealedLeaves, count, "counted");
    }

    function test_a_strangers_reveal_cannot_spoil_ones_own() public {
        Sealed memory run = seal(CAROL_KEY, 500);
        opened(500);
        vm.startPrank(ALICE);
        settlement.countLeaves(carol, run.batch, inner(run.leaves));
        vm.stopPrank();
        IQuantileScorer.ActualLeaf[] memory answers = measured(500, PERIODS);
        (Sealed memory last, IQuantileScorer.MultiProof memory forecastProof, IQuantileScorer.MultiProof memory p) =
            lastLeaf(run, answers);
        IQuantileScorer.ActualLeaf[] memory answered = new IQuantileScorer.ActualLeaf[](1);
        answered[0] = answers[PERIODS - 1];
        vm.prank(ALICE);
        settlement.reveal(carol, run.batch, levels(), last.leaves, forecastProof, answered, p);
        same(scoreOf(carol), ONE * 4 / 5, "one of five");
        reveal(run, 500);
        same(scoreOf(carol), 0, "the better one counts");
        same(settlement.tally(PRODUCT, SLOT, carol).revealed, PERIODS, "all five");
        vm.prank(BOB);
        settlement.reveal(carol, run.batch, levels(), last.leaves, forecastProof, answered, p);
        same(scoreOf(carol), 0, "and stays");
    }

    function lastLeaf(Sealed memory run, IQuantileScorer.ActualLeaf[] memory answers)
        internal
        pure
        returns (
            Sealed memory last,
            IQuantileScorer.MultiProof memory forecastProof,
            IQuantileScorer.MultiProof memory actualsProof
        )
    {
        uint256[] memory picks = new uint256[](1);
        picks[0] = PERIODS - 1;
        last.leaves = new IQuantileScorer.ForecastLeaf[](1);
        last.leaves[0] = run.leaves[PERIODS - 1];
        forecastProof = proofOf(hashes(run.leaves), picks);
        actualsProof = proofOf(hashes(answers), picks);
    }

    function test_a_leaf_counts_once_and_in_order() public {
        Sealed memory run = seal(CAROL_KEY, 500);
        opened(500);
        countLeaves(run);
        revealPart(run, measured(500, PERIODS), 1, 3);
        refuse(abi.encodeWithSelector(ISettlement.OutOfOrder.selector, 0), run, 2, 4);
        refuse(abi.encodeWithSelector(ISettlement.OutOfOrder.selector, 0), run, 0, 1);
        refuse(abi.encodeWithSelector(ISettlement.TooManyLeaves.selector, 6, 5), run, 1, 5);
        revealPart(run, measured(500, PERIODS), 3, 5);
        same(scoreOf(carol), ONE / 5, "the first can no more be answered by this caller");
    }

    function test_series_come_in_ascending_order() public {
        IQuantileScorer.ForecastLeaf[] memory leaves = leavesOf(500, 3);
        leaves[1].seriesId = bytes32(uint256(SERIES) + 1);
        leaves[1].targetStart = GATE;
        leaves[2].targetStart = GATE + 9_000;
        Sealed memory run = seal(CAROL_KEY, leaves, GATE, levels());
        IQuantileScorer.ActualLeaf[] memory answers = measured(500, 3);
        for (uint256 i; i < 3; ++i) {
            (answers[i].seriesId, answers[i].targetStart) = (leaves[i].seriesId, leaves[i].targetStart);
        }
        opened(answers);
        countLeaves(run);
        revealPart(run, answers, 0, 2);
        try this.revealThese(run, answers) {
            check(false, "a series that went before");
        } catch (bytes memory given) {
            check(keccak256(given) == keccak256(abi.encodeWithSelector(ISettlement.OutOfOrder.selector, 0)), "order");
        }
    }

    function revealThese(Sealed memory run, IQuantileScorer.ActualLeaf[] memory answers) external {
        revealPart(run, answers, 2, 3);
    }

    function test_a_period_before_the_gate_is_after_the_fact() public {
        IQuantileScorer.ForecastLeaf[] memory leaves = leavesOf(500, PERIODS);
        leaves[0].targetStart = GATE - 1;
        Sealed memory run = seal(CAROL_KEY, leaves, GATE, levels());
        IQuantileScorer.ActualLeaf[] memory answers = measured(500, PERIODS);
        answers[0].targetStart = GATE - 1;
        opened(answers);
        countLeaves(run);
        try this.revealAll(run, answers) {
            check(false, "after the fact");
        } catch (bytes memory given) {
            bytes memory reason = abi.encodeWithSelector(ISettlement.AfterTheFact.selector, GATE - 1, GATE);
            check(keccak256(given) == keccak256(reason), "after the fact");
        }
        revealPart(run, answers, 1, PERIODS);
        same(scoreOf(carol), ONE / 5, "the others count");
    }

    function revealAll(Sealed memory run, IQuantileScorer.ActualLeaf[] memory answers) external {
        revealPart(run, answers, 0, PERIODS);
    }

    function test_only_what_the_registry_holds_is_revealed() public {
        Sealed memory run = seal(CAROL_KEY, 500);
        opened(500);
        bytes32 recorded = registry.hashBatch(run.batch);
        run.batch.version = 2;
        bytes32 given = registry.hashBatch(run.batch);
        refuse(abi.encodeWithSelector(ISettlement.NotTheSealedBatch.selector, recorded, given), run, 0, PERIODS);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotTheSealedBatch.selector, recorded, given));
        settlement.countLeaves(carol, run.batch, inner(run.leaves));
    }

    function test_leaves_that_were_not_sealed_are_refused() public {
        Sealed memory run = seal(CAROL_KEY, 500);
        opened(500);
        run.leaves[2].valuesMilli[0] = 501;
        refuse(abi.encodeWithSelector(IQuantileScorer.NotUnderRoot.selector, run.batch.root), run, 0, PERIODS);
    }

    function test_everybody_answers_the_same_levels() public {
        uint16[] memory easy = new uint16[](1);
        easy[0] = 1;
        Sealed memory run = seal(CAROL_KEY, leavesOf(0, PERIODS), GATE, easy);
        opened(500);
        bytes32 asked = keccak256(abi.encode(levels()));
        refuse(
            abi.encodeWithSelector(ISettlement.WrongLevels.selector, asked, keccak256(abi.encode(easy))),
            run,
            0,
            PERIODS
        );
        Sealed memory honest = seal(DAVE_KEY, 500);
        vm.warp(SLOT + 3 days + 1);
        IQuantileScorer.ActualLeaf[] memory answers = measured(500, PERIODS);
        IQuantileScorer.MultiProof memory proof;
        vm.expectRevert(
            abi.encodeWithSelector(ISettlement.WrongLevels.selector, asked, keccak256(abi.encode(easy)))
        );
        settlement.reveal(dave, honest.batch, easy, honest.leaves, proof, answers, proof);
    }

    function test_everybody_answers_by_the_same_time() public {
        Sealed memory run = seal(CAROL_KEY, leavesOf(500, PERIODS), GATE + 1, levels());
        opened(500);
        refuse(abi.encodeWithSelector(ISettlement.GateTooLate.selector, GATE, GATE + 1), run, 0, PERIODS);
    }

    function test_reveals_end_at_the_deadline_to_the_second() public {
        Sealed memory run = seal(CAROL_KEY, 500);
        Sealed memory other = seal(DAVE_KEY, 500);
        opened(500);
        uint64 deadline = settlement.round(PRODUCT, SLOT).deadline;
        vm.warp(deadline - 1);
        reveal(run, 500);
        vm.warp(deadline);
        refuse(abi.encodeWithSelector(ISettlement.Deadline.selector, deadline), other, 0, PERIODS);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.Deadline.selector, deadline));
        settlement.countLeaves(dave, other.batch, inner(other.leaves));
    }

    function test_nothing_is_revealed_before_the_round() public {
        Sealed memory run = seal(CAROL_KEY, 500);
        refuse(abi.encodeWithSelector(ISettlement.WrongState.selector, ISettlement.RoundState.None), run, 0, PERIODS);
    }
}
