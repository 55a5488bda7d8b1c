// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ActualsRegistry} from "../contracts/ActualsRegistry.sol";
import {Guarded} from "../contracts/Guarded.sol";
import {IActualsRegistry} from "../contracts/interfaces/IActualsRegistry.sol";
import {IArbitrator} from "../contracts/interfaces/IArbitration.sol";
import {IStakePool} from "../contracts/interfaces/IStakePool.sol";
import {vm} from "../test/support/Vm.sol";
import {MoneyFixture} from "./MoneyFixture.sol";

/// @dev Actuals that nobody doubts: bonds, windows to the second, versions.
contract ActualsTest is MoneyFixture {
    function setUp() public override {
        super.setUp();
        vm.warp(SLOT + 1 days);
    }

    function test_a_proposal_is_told_and_kept() public {
        uint64 finalAt = uint64(block.timestamp) + DISPUTE_WINDOW;
        vm.expectEmit(true, true, true, true, address(actuals));
        emit IActualsRegistry.ActualsProposed(PRODUCT, SLOT, 1, keccak256("actuals"), 24, finalAt);
        same(propose(), 1, "version");
        IActualsRegistry.Actuals memory kept = actuals.actuals(PRODUCT, SLOT, 1);
        check(kept.root == keccak256("actuals") && kept.leafCount == 24, "what");
        check(kept.provider == PROVIDER && kept.status == IActualsRegistry.Status.Proposed, "whose");
        check(kept.proposedAt == block.timestamp && kept.finalAt == finalAt, "when");
        check(kept.bond == BOND && kept.challenger == address(0) && kept.rulingDeadline == 0, "bond");
        same(actuals.latest(PRODUCT, SLOT), 1, "latest");
        same(actuals.latestFinal(PRODUCT, SLOT), 0, "none final");
        same(token.balanceOf(address(actuals)), BOND, "held");
    }

    function testFuzz_proposing_is_a_role(address stranger) public {
        vm.assume(stranger != PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.NotProvider.selector, stranger));
        vm.prank(stranger);
        actuals.propose(PRODUCT, SLOT, keccak256("actuals"), 24);
    }

    function test_empty_actuals_are_refused() public {
        bytes memory refused = abi.encodeWithSelector(IActualsRegistry.EmptyActuals.selector);
        vm.expectRevert(refused);
        vm.prank(PROVIDER);
        actuals.propose(PRODUCT, SLOT, bytes32(0), 24);
        vm.expectRevert(refused);
        vm.prank(PROVIDER);
        actuals.propose(PRODUCT, SLOT, keccak256("actuals"), 0);
    }

    function test_a_slot_that_has_not_begun_has_no_actuals() public {
        vm.warp(SLOT);
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.NotNow.selector, IActualsRegistry.Status.None));
        propose();
        vm.warp(SLOT + 1);
        same(propose(), 1, "the second after");
    }

    function test_one_version_is_open_at_a_time() public {
        propose();
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.NotNow.selector, IActualsRegistry.Status.Proposed));
        propose();
        dispute(1);
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.NotNow.selector, IActualsRegistry.Status.Disputed));
        propose();
    }

    function test_at_every_second_either_dispute_or_finalize() public {
        propose();
        uint64 finalAt = actuals.actuals(PRODUCT, SLOT, 1).finalAt;
        vm.warp(finalAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.WindowOpen.selector, finalAt));
        actuals.finalize(PRODUCT, SLOT);
        vm.warp(finalAt);
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.WindowClosed.selector, finalAt));
        dispute(1);
        vm.expectEmit(true, true, true, true, address(actuals));
        emit IActualsRegistry.ActualsFinal(PRODUCT, SLOT, 1, keccak256("actuals"));
        actuals.finalize(PRODUCT, SLOT);
        check(status(1) == IActualsRegistry.Status.Final, "final");
        same(actuals.latestFinal(PRODUCT, SLOT), 1, "the first");
        same(actuals.owed(PROVIDER), BOND, "bond back");
    }

    function test_a_dispute_in_the_last_second_counts() public {
        propose();
        vm.warp(actuals.actuals(PRODUCT, SLOT, 1).finalAt - 1);
        dispute(1);
        check(status(1) == IActualsRegistry.Status.Disputed, "in time");
    }

    function test_final_is_final_once() public {
        propose();
        vm.warp(block.timestamp + DISPUTE_WINDOW);
        actuals.finalize(PRODUCT, SLOT);
        bytes memory refused =
            abi.encodeWithSelector(IActualsRegistry.NotNow.selector, IActualsRegistry.Status.Final);
        vm.expectRevert(refused);
        actuals.finalize(PRODUCT, SLOT);
        vm.expectRevert(refused);
        actuals.expire(PRODUCT, SLOT);
        vm.expectRevert(refused);
        dispute(1);
    }

    function test_nothing_can_happen_to_what_is_not_there() public {
        bytes memory refused = abi.encodeWithSelector(IActualsRegistry.NotNow.selector, IActualsRegistry.Status.None);
        vm.expectRevert(refused);
        actuals.finalize(PRODUCT, SLOT);
        vm.expectRevert(refused);
        actuals.expire(PRODUCT, SLOT);
        vm.expectRevert(refused);
        dispute(0);
        vm.expectRevert(refused);
        dispute(1);
    }

    function test_a_correction_is_a_new_version_and_the_old_one_stays() public {
        propose();
        vm.warp(block.timestamp + DISPUTE_WINDOW);
        actuals.finalize(PRODUCT, SLOT);
        vm.prank(PROVIDER);
        same(actuals.propose(PRODUCT, SLOT, keccak256("better"), 23), 2, "second");
        same(actuals.latest(PRODUCT, SLOT), 2, "newest");
        same(actuals.latestFinal(PRODUCT, SLOT), 1, "not final yet");
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.NotNow.selector, IActualsRegistry.Status.Proposed));
        dispute(1);
        vm.warp(block.timestamp + DISPUTE_WINDOW);
        actuals.finalize(PRODUCT, SLOT);
        same(actuals.latestFinal(PRODUCT, SLOT), 2, "final");
        check(actuals.actuals(PRODUCT, SLOT, 1).root == keccak256("actuals"), "readable");
        same(actuals.owed(PROVIDER), 2 * BOND, "both bonds");
    }

    function test_slots_and_products_do_not_touch_each_other() public {
        propose();
        vm.prank(PROVIDER);
        same(actuals.propose(PRODUCT, SLOT + 1, keccak256("actuals"), 24), 1, "another slot");
        vm.prank(PROVIDER);
        same(actuals.propose(keccak256("other"), SLOT, keccak256("actuals"), 24), 1, "another product");
    }

    function test_what_is_owed_is_pulled_once() public {
        propose();
        vm.warp(block.timestamp + DISPUTE_WINDOW);
        actuals.finalize(PRODUCT, SLOT);
        uint256 before = token.balanceOf(PROVIDER);
        vm.expectEmit(true, true, true, true, address(actuals));
        emit IActualsRegistry.Withdrawn(PROVIDER, BOND);
        vm.prank(PROVIDER);
        same(actuals.withdraw(), BOND, "amount");
        same(token.balanceOf(PROVIDER) - before, BOND, "paid");
        vm.prank(PROVIDER);
        same(actuals.withdraw(), 0, "nothing left");
        same(token.balanceOf(address(actuals)), 0, "empty");
    }

    function test_a_pause_lets_everything_but_proposals_go_on() public {
        propose();
        actuals.pause();
        dispute(1);
        vm.warp(block.timestamp + RULING_WINDOW);
        actuals.expire(PRODUCT, SLOT);
        vm.prank(CHALLENGER);
        same(actuals.withdraw(), BOND, "out");
    }

    function test_settings_that_cannot_be_are_refused() public {
        bytes memory refused = abi.encodeWithSelector(Guarded.BadSetting.selector);
        vm.expectRevert(refused);
        new ActualsRegistry(operations, IERC20(ALICE), pool, arbiter, 1, 1, 1);
        vm.expectRevert(refused);
        new ActualsRegistry(operations, token, IStakePool(ALICE), arbiter, 1, 1, 1);
        vm.expectRevert(refused);
        new ActualsRegistry(operations, token, pool, IArbitrator(ALICE), 1, 1, 1);
        vm.expectRevert(refused);
        new ActualsRegistry(operations, token, pool, arbiter, 0, 1, 1);
        vm.expectRevert(refused);
        new ActualsRegistry(operations, token, pool, arbiter, 1, 0, 1);
        vm.expectRevert(refused);
        new ActualsRegistry(operations, token, pool, arbiter, 1, 1, 0);
        ActualsRegistry fine = new ActualsRegistry(operations, token, pool, arbiter, 1, 2, 3);
        check(fine.token() == token && fine.pool() == pool && fine.arbitrator() == arbiter, "where");
        check(fine.bondAmount() == 1 && fine.disputeWindow() == 2 && fine.rulingWindow() == 3, "how much");
    }
}
