// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {ISettlement} from "../contracts/interfaces/ISettlement.sol";
import {IStakePool} from "../contracts/interfaces/IStakePool.sol";
import {vm} from "../test/support/Vm.sol";
import {RoundFixture} from "./RoundFixture.sol";

/// @dev What a round takes and gives.
contract RoundsTest is RoundFixture {
    function test_a_penalty_goes_to_who_was_better() public {
        played(600, 200, 1_000, 1_000);
        vm.warp(settlement.round(PRODUCT, SLOT).deadline);
        vm.expectEmit(true, true, true, true, address(settlement));
        emit ISettlement.Scored(PRODUCT, SLOT, naive, ONE * 3 / 10);
        vm.expectEmit(true, true, true, true, address(settlement));
        emit ISettlement.Scored(PRODUCT, SLOT, carol, ONE * 6 / 10);
        vm.expectEmit(true, true, true, true, address(settlement));
        emit ISettlement.Scored(PRODUCT, SLOT, dave, ONE * 2 / 10);
        vm.expectEmit(true, true, true, true, address(settlement));
        emit ISettlement.Settled(PRODUCT, SLOT, 200, 200);
        settlement.settle(PRODUCT, SLOT);
        same(pool.stakeOf(carol), 800, "0.6 is 0.2 beyond 0.3 + 0.1: a fifth is taken");
        same(pool.stakeOf(dave), 1_200, "and given");
        check(settlement.round(PRODUCT, SLOT).state == ISettlement.RoundState.Settled, "settled");
    }

    function test_up_to_the_threshold_nothing_is_taken() public {
        played(400, 200, 1_000, 1_000);
        settleNow();
        same(pool.stakeOf(carol), 1_000, "kept");
        same(pool.stakeOf(dave), 1_000, "nothing to give");
    }

    function test_just_beyond_the_threshold_just_a_little_is_taken() public {
        played(401, 200, 1_000e18, 1_000e18);
        settleNow();
        same(pool.stakeOf(carol), 999e18, "a thousandth");
    }

    function test_a_penalty_ends_at_the_cap() public {
        played(1_000, 200, 1_000, 1_000);
        settleNow();
        same(pool.stakeOf(carol), 700, "30 %");
    }

    function test_if_nobody_was_better_the_treasury_keeps_it() public {
        played(600, 300, 1_000, 1_000);
        settleNow();
        same(pool.stakeOf(carol), 800, "taken");
        same(pool.stakeOf(dave), 1_000, "as good as the benchmark is not better");
        same(pool.treasury(), 200, "kept");
    }

    function test_rewards_go_by_stake_and_by_how_much_better() public {
        uint256 erin = 0xE1;
        address erins = anAuthority(erin);
        enter(erins, 3_000);
        enter(carol, 10_000);
        enter(dave, 1_000);
        Sealed memory third = seal(erin, 200);
        play(900, 100);
        reveal(third, 0);
        settleNow();
        same(pool.stakeOf(carol), 7_000, "the cap");
        same(pool.stakeOf(dave), 1_000 + 1_200, "1,000 stake, 0.2 better: 2 of 5 parts");
        same(pool.stakeOf(erins), 3_000 + 1_800, "3,000 stake, 0.1 better: 3 of 5 parts");
    }

    function test_who_seals_nothing_is_as_bad_as_can_be() public {
        enter(carol, 1_000);
        enter(dave, 1_000);
        play(NOTHING, 200);
        settleNow();
        same(pool.stakeOf(carol), 700, "the cap");
        same(pool.stakeOf(dave), 1_300, "the reward");
    }

    function test_without_the_benchmark_a_round_is_neutral() public {
        enter(carol, 1_000);
        seal(NAIVE_KEY, 300);
        opened(0);
        vm.warp(settlement.round(PRODUCT, SLOT).deadline);
        vm.expectEmit(true, true, true, true, address(settlement));
        emit ISettlement.RoundNeutral(PRODUCT, SLOT);
        settlement.settle(PRODUCT, SLOT);
        same(pool.stakeOf(carol), 1_000, "untouched");
        check(settlement.round(PRODUCT, SLOT).state == ISettlement.RoundState.Neutral, "neutral");
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WrongState.selector, ISettlement.RoundState.Neutral));
        settlement.settle(PRODUCT, SLOT);
    }

    function test_a_round_is_settled_once_and_not_before_its_deadline() public {
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WrongState.selector, ISettlement.RoundState.None));
        settlement.settle(PRODUCT, SLOT);
        played(600, 200, 1_000, 1_000);
        uint64 deadline = settlement.round(PRODUCT, SLOT).deadline;
        vm.warp(deadline - 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.Deadline.selector, deadline));
        settlement.settle(PRODUCT, SLOT);
        settleNow();
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WrongState.selector, ISettlement.RoundState.Settled));
        settlement.settle(PRODUCT, SLOT);
    }

    function test_stake_that_comes_for_a_known_result_earns_and_loses_nothing() public {
        played(600, 200, 1_000, 1_000);
        back(dave, 9_000);
        back(carol, 9_000);
        settleNow();
        same(pool.stakeOf(carol), 9_800, "a fifth of what was there before the slot");
        same(pool.stakeOf(dave), 10_200, "and no more");
    }

    function test_stake_of_the_slots_own_second_is_late() public {
        enter(carol, 1_000);
        enter(dave, 1_000);
        vm.warp(SLOT);
        back(carol, 9_000);
        play(NOTHING, 200);
        settleNow();
        same(pool.stakeOf(carol), 9_700, "30 % of 1,000");
    }

    function test_stake_that_leaves_after_the_slot_is_penalized_all_the_same() public {
        played(600, 200, 1_000, 1_000);
        uint256 shares = pool.sharesOf(carol, carol);
        vm.prank(carol);
        pool.startUnbonding(carol, shares);
        settleNow();
        (, uint256 left) = pool.requestOf(1);
        same(left, 800, "on its way out");
        same(pool.stakeOf(dave), 1_200, "given");
    }

    function test_stake_that_leaves_earns_nothing_any_more() public {
        played(600, 200, 1_000, 1_000);
        uint256 shares = pool.sharesOf(dave, dave);
        vm.prank(dave);
        pool.startUnbonding(dave, shares);
        settleNow();
        same(pool.stakeOf(dave), 1_000, "no reward");
        same(pool.treasury(), 200, "the treasury has it");
    }

    function test_a_module_that_was_replaced_moves_nothing() public {
        played(600, 200, 1_000, 1_000);
        pool.proposeSettlement(ALICE);
        vm.warp(block.timestamp + MODULE_DELAY);
        pool.changeSettlement();
        vm.expectRevert(abi.encodeWithSelector(IStakePool.NotSettlement.selector, address(settlement)));
        settlement.settle(PRODUCT, SLOT);
        check(settlement.round(PRODUCT, SLOT).state == ISettlement.RoundState.Revealing, "undone");
    }

    function test_settling_goes_on_while_everything_is_paused() public {
        played(600, 200, 1_000, 1_000);
        pool.pause();
        settlement.pause();
        actuals.pause();
        settleNow();
        same(pool.stakeOf(dave), 1_200, "settled");
    }

    function testFuzz_a_round_keeps_every_wei(uint96 a, uint96 b, uint16 carolOff, uint16 daveOff) public {
        uint256 first = uint256(a) % 900_000e18 + 1;
        uint256 second = uint256(b) % 900_000e18 + 1;
        played(int64(uint64(carolOff % 1_200)), int64(uint64(daveOff % 1_200)), first, second);
        settleNow();
        same(pool.stakeOf(carol) + pool.stakeOf(dave) + pool.treasury(), first + second, "to the wei");
        same(token.balanceOf(address(pool)), first + second, "tokens");
        check(pool.stakeOf(carol) * 10 >= first * 7 && pool.stakeOf(dave) * 10 >= second * 7, "the cap");
    }
}
