// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Guarded} from "../contracts/Guarded.sol";
import {StakePool} from "../contracts/StakePool.sol";
import {IOperations} from "../contracts/interfaces/IOperations.sol";
import {vm} from "../test/support/Vm.sol";
import {MoneyFixture} from "./MoneyFixture.sol";

/// @dev Who may what, and how the admin changes.
contract RolesTest is MoneyFixture {
    function test_an_operator_asks_for_a_recalibration_on_the_record() public {
        vm.expectEmit(true, true, true, true, address(operations));
        emit IOperations.RecalibrationRequested(1, PRODUCT, OPERATOR, keccak256("drift"));
        vm.prank(OPERATOR);
        same(operations.requestRecalibration(PRODUCT, keccak256("drift")), 1, "first");
        vm.prank(OPERATOR);
        same(operations.requestRecalibration(PRODUCT, keccak256("again")), 2, "second");
        same(operations.requests(), 2, "two so far");
    }

    function test_an_empty_request_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IOperations.EmptyRequest.selector));
        vm.prank(OPERATOR);
        operations.requestRecalibration(bytes32(0), keccak256("drift"));
        vm.expectRevert(abi.encodeWithSelector(IOperations.EmptyRequest.selector));
        vm.prank(OPERATOR);
        operations.requestRecalibration(PRODUCT, bytes32(0));
    }

    function testFuzz_only_operators_ask(address stranger) public {
        vm.assume(stranger != OPERATOR);
        vm.expectRevert(refusedFor(stranger, operations.OPERATOR_ROLE()));
        vm.prank(stranger);
        operations.requestRecalibration(PRODUCT, keccak256("drift"));
    }

    function test_the_roles_are_those_that_the_other_contracts_ask_for() public view {
        check(operations.OPERATOR_ROLE() == keccak256("OPERATOR_ROLE"), "operator");
        check(operations.PROVIDER_ROLE() == keccak256("PROVIDER_ROLE"), "provider");
        check(operations.GUARDIAN_ROLE() == keccak256("GUARDIAN_ROLE"), "guardian");
    }

    function test_the_admin_changes_in_two_steps_and_not_before_the_delay() public {
        operations.beginDefaultAdminTransfer(ALICE);
        (, uint48 from) = operations.pendingDefaultAdmin();
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControlDefaultAdminRules.AccessControlEnforcedDefaultAdminDelay.selector, from
            )
        );
        vm.prank(ALICE);
        operations.acceptDefaultAdminTransfer();
        vm.warp(from + 1);
        vm.prank(ALICE);
        operations.acceptDefaultAdminTransfer();
        check(operations.defaultAdmin() == ALICE, "moved");

        vm.expectRevert(refusedFor(address(this), bytes32(0)));
        pool.unpause();
        vm.prank(ALICE);
        pool.pause();
    }

    function test_a_guardian_pauses_and_only_the_admin_lets_go() public {
        vm.prank(GUARDIAN);
        pool.pause();
        check(pool.paused(), "paused");
        vm.expectRevert(refusedFor(GUARDIAN, bytes32(0)));
        vm.prank(GUARDIAN);
        pool.unpause();
        pool.unpause();
        check(!pool.paused(), "on again");
        pool.pause();
        check(pool.paused(), "the admin pauses too");
    }

    function testFuzz_a_stranger_neither_pauses_nor_lets_go(address stranger) public {
        vm.assume(stranger != GUARDIAN && stranger != address(this));
        vm.expectRevert(refusedFor(stranger, operations.GUARDIAN_ROLE()));
        vm.prank(stranger);
        actuals.pause();
        vm.expectRevert(refusedFor(stranger, bytes32(0)));
        vm.prank(stranger);
        actuals.unpause();
    }

    function test_a_pause_stops_entries() public {
        pool.pause();
        vm.expectRevert(abi.encodeWithSelector(Pausable.EnforcedPause.selector));
        vm.prank(ALICE);
        pool.deposit(ALICE, 1);
        actuals.pause();
        vm.expectRevert(abi.encodeWithSelector(Pausable.EnforcedPause.selector));
        vm.prank(PROVIDER);
        actuals.propose(PRODUCT, SLOT, keccak256("actuals"), 24);
    }

    function test_roles_must_be_kept_by_a_contract() public {
        vm.expectRevert(abi.encodeWithSelector(Guarded.BadSetting.selector));
        new StakePool(IAccessControl(ALICE), token, 1, 2);
    }

    function test_only_its_minter_makes_local_money() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, ALICE));
        vm.prank(ALICE);
        token.mint(ALICE, 1);
        uint256 before = token.balanceOf(ALICE);
        token.mint(ALICE, 1);
        same(token.balanceOf(ALICE), before + 1, "made");
    }
}
