// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ActualsRegistry} from "../contracts/ActualsRegistry.sol";
import {Arbiter} from "../contracts/Arbiter.sol";
import {IActualsRegistry} from "../contracts/interfaces/IActualsRegistry.sol";
import {IArbitrable, IArbitrator} from "../contracts/interfaces/IArbitration.sol";
import {vm} from "../test/support/Vm.sol";
import {MoneyFixture} from "./MoneyFixture.sol";

/// @dev Gives the same number to every dispute.
contract ForgetfulArbitrator is IArbitrator {
    function createDispute(uint256, bytes calldata) external payable returns (uint256) {
        return 7;
    }

    function arbitrationCost(bytes calldata) external pure returns (uint256) {
        return 0;
    }

    function answer(IArbitrable whom, uint256 ruling) external {
        whom.rule(7, ruling);
    }
}

/// @dev Doubted actuals: who wins what, and what happens if nobody rules.
contract DisputesTest is MoneyFixture {
    receive() external payable {}

    function setUp() public override {
        super.setUp();
        vm.warp(SLOT + 1 days);
        propose();
    }

    function judge(uint256 ruling) internal {
        vm.prank(JUDGE);
        arbiter.giveRuling(0, ruling);
    }

    function test_a_dispute_is_told_and_handed_over() public {
        vm.expectEmit(true, true, true, true, address(arbiter));
        emit IArbitrator.DisputeCreation(0, address(actuals));
        vm.expectEmit(true, true, true, true, address(actuals));
        emit IActualsRegistry.ActualsDisputed(PRODUCT, SLOT, 1, CHALLENGER, 0, keccak256("evidence"));
        dispute(1);
        IActualsRegistry.Actuals memory doubted = actuals.actuals(PRODUCT, SLOT, 1);
        check(doubted.challenger == CHALLENGER, "by whom");
        same(doubted.rulingDeadline, block.timestamp + RULING_WINDOW, "until when");
        same(token.balanceOf(address(actuals)), 2 * BOND, "both bonds");
        same(address(arbiter).balance, COST, "fee");
        Arbiter.Dispute memory taken = arbiter.disputes(0);
        check(address(taken.arbitrable) == address(actuals) && taken.choices == 2 && !taken.ruled, "taken");
        same(arbiter.disputeCount(), 1, "one");
    }

    function test_for_the_provider_the_version_is_final_and_half_of_the_lost_bond_is_the_treasurys() public {
        dispute(1);
        vm.warp(block.timestamp + 5);
        vm.expectEmit(true, true, true, true, address(arbiter));
        emit Arbiter.Ruled(0, 1);
        vm.expectEmit(true, true, true, true, address(actuals));
        emit IActualsRegistry.ActualsFinal(PRODUCT, SLOT, 1, keccak256("actuals"));
        judge(1);
        check(status(1) == IActualsRegistry.Status.Final, "final");
        same(actuals.actuals(PRODUCT, SLOT, 1).finalAt, block.timestamp, "now");
        same(actuals.latestFinal(PRODUCT, SLOT), 1, "counts");
        same(actuals.owed(PROVIDER), BOND + 500, "winner");
        same(actuals.owed(CHALLENGER), 0, "loser");
        same(actuals.treasuryDue(), 501, "the odd wei too");
    }

    function test_for_the_challenger_the_version_is_void() public {
        dispute(1);
        vm.expectEmit(true, true, true, true, address(actuals));
        emit IActualsRegistry.ActualsVoid(PRODUCT, SLOT, 1, 2);
        judge(2);
        check(status(1) == IActualsRegistry.Status.Void, "void");
        same(actuals.latestFinal(PRODUCT, SLOT), 0, "none");
        same(actuals.owed(CHALLENGER), BOND + 500, "winner");
        same(actuals.owed(PROVIDER), 0, "loser");
        same(actuals.treasuryDue(), 501, "treasury");
        same(propose(), 2, "the provider may try again");
    }

    function test_a_refusal_to_arbitrate_is_neutral() public {
        dispute(1);
        vm.expectEmit(true, true, true, true, address(actuals));
        emit IActualsRegistry.ActualsVoid(PRODUCT, SLOT, 1, 0);
        judge(0);
        check(status(1) == IActualsRegistry.Status.Void, "void");
        same(actuals.owed(CHALLENGER), BOND, "back");
        same(actuals.owed(PROVIDER), BOND, "back too");
        same(actuals.treasuryDue(), 0, "nobody lost");
    }

    function test_the_treasury_gets_its_half_by_anybodys_call() public {
        dispute(1);
        judge(2);
        vm.expectEmit(true, true, true, true, address(actuals));
        emit IActualsRegistry.TreasuryPaid(501);
        vm.prank(ALICE);
        same(actuals.payTreasury(), 501, "amount");
        same(pool.treasury(), 501, "there");
        same(actuals.treasuryDue(), 0, "paid");
        vm.prank(CHALLENGER);
        actuals.withdraw();
        same(token.balanceOf(address(actuals)), 0, "nothing stays");
    }

    function test_at_every_second_either_rule_or_expire() public {
        dispute(1);
        uint64 deadline = actuals.actuals(PRODUCT, SLOT, 1).rulingDeadline;
        vm.warp(deadline - 1);
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.RulingTime.selector, deadline));
        actuals.expire(PRODUCT, SLOT);
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.RulingTime.selector, deadline));
        judge(1);
        vm.expectEmit(true, true, true, true, address(actuals));
        emit IActualsRegistry.ActualsVoid(PRODUCT, SLOT, 1, 0);
        actuals.expire(PRODUCT, SLOT);
        same(actuals.owed(CHALLENGER), BOND, "back");
        same(actuals.owed(PROVIDER), BOND, "back too");
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.NotNow.selector, IActualsRegistry.Status.Void));
        actuals.expire(PRODUCT, SLOT);
    }

    function test_a_ruling_in_the_last_second_counts() public {
        dispute(1);
        vm.warp(actuals.actuals(PRODUCT, SLOT, 1).rulingDeadline - 1);
        judge(1);
        check(status(1) == IActualsRegistry.Status.Final, "in time");
    }

    function test_an_undisputed_version_cannot_expire_nor_a_disputed_one_be_finalized() public {
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.NotNow.selector, IActualsRegistry.Status.Proposed));
        actuals.expire(PRODUCT, SLOT);
        dispute(1);
        vm.warp(block.timestamp + DISPUTE_WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.NotNow.selector, IActualsRegistry.Status.Disputed));
        actuals.finalize(PRODUCT, SLOT);
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.NotNow.selector, IActualsRegistry.Status.Disputed));
        dispute(1);
    }

    function testFuzz_nobody_but_the_arbitrator_rules(address stranger) public {
        vm.assume(stranger != address(arbiter));
        dispute(1);
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.NoSuchDispute.selector, stranger, 0));
        vm.prank(stranger);
        actuals.rule(0, 1);
    }

    function test_a_dispute_that_never_was_cannot_be_ruled() public {
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.NoSuchDispute.selector, address(arbiter), 9));
        vm.prank(address(arbiter));
        actuals.rule(9, 1);
    }

    function test_an_arbitrator_can_neither_invent_rulings_nor_rule_twice() public {
        dispute(1);
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.NoSuchRuling.selector, 3));
        vm.prank(address(arbiter));
        actuals.rule(0, 3);
        judge(1);
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.NotNow.selector, IActualsRegistry.Status.Final));
        vm.prank(address(arbiter));
        actuals.rule(0, 2);
    }

    function test_an_old_ruling_cannot_reach_a_newer_version() public {
        dispute(1);
        judge(0);
        propose();
        dispute(2);
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.NotNow.selector, IActualsRegistry.Status.Disputed));
        vm.prank(address(arbiter));
        actuals.rule(0, 2);
    }

    function test_an_arbitrator_that_gives_a_number_twice_is_refused() public {
        ForgetfulArbitrator forgetful = new ForgetfulArbitrator();
        actuals = new ActualsRegistry(operations, token, pool, forgetful, BOND, 10, 10);
        vm.prank(PROVIDER);
        token.approve(address(actuals), 10 * BOND);
        vm.prank(CHALLENGER);
        token.approve(address(actuals), 10 * BOND);
        propose();
        vm.prank(CHALLENGER);
        actuals.dispute(PRODUCT, SLOT, 1, keccak256("evidence"));
        forgetful.answer(actuals, 2);
        propose();
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.NoSuchDispute.selector, address(forgetful), 7));
        vm.prank(CHALLENGER);
        actuals.dispute(PRODUCT, SLOT, 2, keccak256("evidence"));
    }

    function test_who_disputes_itself_to_win_time_pays_for_it() public {
        uint256 before = token.balanceOf(PROVIDER);
        vm.prank(PROVIDER);
        actuals.dispute{value: COST}(PRODUCT, SLOT, 1, keccak256("delay"));
        judge(1);
        vm.prank(PROVIDER);
        actuals.withdraw();
        same(token.balanceOf(PROVIDER), before + BOND - 501, "half a bond less");
    }

    function test_the_fee_is_exact() public {
        vm.expectRevert(abi.encodeWithSelector(Arbiter.WrongFee.selector, COST, COST - 1));
        vm.prank(CHALLENGER);
        actuals.dispute{value: COST - 1}(PRODUCT, SLOT, 1, keccak256("evidence"));
        vm.expectRevert(abi.encodeWithSelector(Arbiter.WrongFee.selector, COST, COST + 1));
        vm.prank(CHALLENGER);
        actuals.dispute{value: COST + 1}(PRODUCT, SLOT, 1, keccak256("evidence"));
        same(arbiter.arbitrationCost(""), COST, "as told");
    }

    function test_the_owner_of_the_arbiter_rules_once_within_the_choices() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        arbiter.giveRuling(0, 1);
        vm.expectRevert(abi.encodeWithSelector(Arbiter.NotOpen.selector, 0));
        judge(1);
        dispute(1);
        vm.expectRevert(abi.encodeWithSelector(Arbiter.NoSuchRuling.selector, 2, 3));
        judge(3);
        judge(2);
        check(arbiter.disputes(0).ruled, "ruled");
        vm.expectRevert(abi.encodeWithSelector(Arbiter.NotOpen.selector, 0));
        judge(2);
    }

    function test_a_dispute_without_a_choice_is_refused() public {
        vm.deal(address(this), COST);
        vm.expectRevert(abi.encodeWithSelector(Arbiter.NoChoices.selector));
        arbiter.createDispute{value: COST}(0, "");
    }

    function test_the_owner_of_the_arbiter_sets_the_cost_and_collects() public {
        dispute(1);
        vm.expectEmit(true, true, true, true, address(arbiter));
        emit Arbiter.CostChanged(5);
        vm.prank(JUDGE);
        arbiter.setCost(5);
        same(arbiter.cost(), 5, "new cost");
        vm.prank(JUDGE);
        arbiter.collect();
        same(JUDGE.balance, COST, "collected");
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, ALICE));
        vm.prank(ALICE);
        arbiter.setCost(5);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, ALICE));
        vm.prank(ALICE);
        arbiter.collect();
    }
}
