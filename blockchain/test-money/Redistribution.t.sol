// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Guarded} from "../contracts/Guarded.sol";
import {StakePool} from "../contracts/StakePool.sol";
import {IStakePool} from "../contracts/interfaces/IStakePool.sol";
import {vm} from "../test/support/Vm.sol";
import {MoneyFixture} from "./MoneyFixture.sol";

/// @dev What a settlement module can do, when one can take another's place, and the treasury.
contract RedistributionTest is MoneyFixture {
    function test_what_is_taken_is_given_and_the_rest_is_the_treasurys() public {
        settleByThis();
        back(ALICE, 100);
        back(BOB, 50);
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.Slashed(ALICE, 30);
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.Rewarded(BOB, 29);
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.TreasuryGrew(1);
        (uint256 taken, uint256 given) = move(ALICE, 30, BOB, 29);
        same(taken, 30, "taken");
        same(given, 29, "given");
        same(pool.stakeOf(ALICE), 70, "less");
        same(pool.stakeOf(BOB), 79, "more");
        same(pool.treasury(), 1, "rest");
    }

    function test_what_a_stake_does_not_hold_is_not_taken_and_rewards_shrink() public {
        settleByThis();
        back(ALICE, 10);
        back(BOB, 1);
        back(CHALLENGER, 1);
        address[] memory to = new address[](2);
        uint256[] memory given = new uint256[](2);
        (to[0], to[1]) = (BOB, CHALLENGER);
        (given[0], given[1]) = (20, 20);
        (uint256 takenSum, uint256 givenSum) = pool.redistribute(one(ALICE), one(40), to, given);
        same(takenSum, 10, "all there was");
        same(givenSum, 10, "shrunk");
        same(pool.stakeOf(BOB), 6, "half");
        same(pool.stakeOf(CHALLENGER), 6, "half too");
    }

    function test_a_reward_that_nobody_can_take_goes_to_the_treasury() public {
        settleByThis();
        back(ALICE, 10);
        (, uint256 given) = move(ALICE, 4, BOB, 4);
        same(given, 0, "not given");
        same(pool.treasury(), 4, "kept");
        same(pool.stakeOf(BOB), 0, "no stake without shares");
    }

    function test_nothing_moves_where_nothing_is() public {
        settleByThis();
        (uint256 taken, uint256 given) = move(ALICE, 4, BOB, 4);
        same(taken + given, 0, "nothing");
        same(pool.treasury(), 0, "treasury");
    }

    function test_rewards_beyond_what_is_asked_for_are_refused() public {
        settleByThis();
        back(ALICE, 10);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.NotCovered.selector, 4, 5));
        move(ALICE, 4, BOB, 5);
    }

    function test_lists_pair() public {
        settleByThis();
        address[] memory nobody = new address[](0);
        uint256[] memory nothing = new uint256[](0);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.WrongLengths.selector));
        pool.redistribute(one(ALICE), nothing, nobody, nothing);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.WrongLengths.selector));
        pool.redistribute(nobody, nothing, nobody, one(1));
    }

    function testFuzz_only_the_module_moves_stakes(address stranger) public {
        settleByThis();
        vm.assume(stranger != address(this));
        vm.expectRevert(abi.encodeWithSelector(IStakePool.NotSettlement.selector, stranger));
        vm.prank(stranger);
        pool.redistribute(one(ALICE), one(1), one(BOB), one(1));
    }

    function test_the_first_module_comes_in_at_once_and_the_next_after_everybody_could_leave() public {
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.SettlementProposed(ALICE, uint64(block.timestamp));
        pool.proposeSettlement(ALICE);
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.SettlementChanged(ALICE);
        pool.changeSettlement();
        check(pool.settlement() == ALICE, "first");

        uint64 readyAt = uint64(block.timestamp) + MODULE_DELAY;
        pool.proposeSettlement(BOB);
        same(pool.nextSettlementAt(), readyAt, "when");
        check(pool.nextSettlement() == BOB, "who");
        vm.warp(readyAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.NotYet.selector, readyAt));
        pool.changeSettlement();
        vm.warp(readyAt);
        pool.changeSettlement();
        check(pool.settlement() == BOB, "second");
        vm.expectRevert(abi.encodeWithSelector(IStakePool.NotSettlement.selector, address(0)));
        pool.changeSettlement();
    }

    function test_a_proposal_is_taken_back() public {
        settleByThis();
        pool.proposeSettlement(BOB);
        pool.proposeSettlement(address(0));
        vm.warp(block.timestamp + MODULE_DELAY);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.NotSettlement.selector, address(0)));
        pool.changeSettlement();
        check(pool.settlement() == address(this), "as it was");
    }

    function testFuzz_only_the_admin_names_modules_and_spends(address stranger) public {
        vm.assume(stranger != address(this));
        bytes memory refused = refusedFor(stranger, bytes32(0));
        vm.expectRevert(refused);
        vm.prank(stranger);
        pool.proposeSettlement(stranger);
        vm.expectRevert(refused);
        vm.prank(stranger);
        pool.changeSettlement();
        vm.expectRevert(refused);
        vm.prank(stranger);
        pool.spendTreasury(stranger, 0);
    }

    function test_the_treasury_is_all_that_the_admin_can_spend() public {
        back(ALICE, 100);
        vm.prank(BOB);
        pool.fundTreasury(40);
        same(pool.treasury(), 40, "funded");
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x11));
        pool.spendTreasury(BOB, 41);
        uint256 before = token.balanceOf(CHALLENGER);
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.TreasurySpent(CHALLENGER, 39);
        pool.spendTreasury(CHALLENGER, 39);
        same(token.balanceOf(CHALLENGER) - before, 39, "spent");
        same(pool.treasury(), 1, "left");
    }

    function test_nothing_is_no_gift() public {
        vm.expectRevert(abi.encodeWithSelector(IStakePool.TooLittle.selector));
        vm.prank(BOB);
        pool.fundTreasury(0);
    }

    function test_settings_that_cannot_be_are_refused() public {
        bytes memory refused = abi.encodeWithSelector(Guarded.BadSetting.selector);
        vm.expectRevert(refused);
        new StakePool(operations, IERC20(ALICE), 1, 2);
        vm.expectRevert(refused);
        new StakePool(operations, token, 0, 2);
        vm.expectRevert(refused);
        new StakePool(operations, token, 2, 2);
        StakePool fine = new StakePool(IAccessControl(address(operations)), token, 1, 2);
        check(fine.operations() == operations && fine.token() == token, "set");
        same(fine.unbonding(), 1, "unbonding");
        same(fine.moduleDelay(), 2, "delay");
    }
}
