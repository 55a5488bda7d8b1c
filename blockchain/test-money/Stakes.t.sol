// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {StakePool} from "../contracts/StakePool.sol";
import {IStakePool} from "../contracts/interfaces/IStakePool.sol";
import {vm} from "../test/support/Vm.sol";
import {MoneyFixture} from "./MoneyFixture.sol";

/// @dev In and out: shares, what is leaving, and what a share is worth after penalties and rewards.
contract StakesTest is MoneyFixture {
    function setUp() public override {
        super.setUp();
        settleByThis();
    }

    function test_a_deposit_is_told_and_counted() public {
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.Deposited(ALICE, ALICE, 100, 100e6);
        same(back(ALICE, 100), 100e6, "shares");
        same(pool.stakeOf(ALICE), 100, "stake");
        same(pool.activeOf(ALICE), 100, "active");
        same(pool.worthOf(ALICE, ALICE), 100, "worth");
        same(pool.sharesOf(ALICE, ALICE), 100e6, "held");
        same(token.balanceOf(address(pool)), 100, "tokens");
    }

    function test_nothing_cannot_be_staked() public {
        vm.expectRevert(abi.encodeWithSelector(IStakePool.TooLittle.selector));
        back(ALICE, 0);
    }

    function test_others_back_an_authority_with_its_consent_only() public {
        vm.expectRevert(abi.encodeWithSelector(IStakePool.NotAdmitted.selector, ALICE, BOB));
        vm.prank(BOB);
        pool.deposit(ALICE, 5);

        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.Admitted(ALICE, BOB, true);
        vm.prank(ALICE);
        pool.admit(BOB, true);
        vm.prank(BOB);
        pool.deposit(ALICE, 5);
        same(pool.worthOf(ALICE, BOB), 5, "in");

        vm.prank(ALICE);
        pool.admit(BOB, false);
        check(!pool.admitted(ALICE, BOB), "no longer");
        same(pool.worthOf(ALICE, BOB), 5, "stays in");
    }

    function test_a_deposit_of_less_than_a_share_is_refused() public {
        back(ALICE, 1);
        back(BOB, 10e18);
        move(BOB, 10e18, ALICE, 10e18);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.TooLittle.selector));
        back(ALICE, 1);
    }

    function test_leaving_takes_the_unbonding_time_to_the_second() public {
        uint256 shares = back(ALICE, 100);
        uint64 readyAt = uint64(block.timestamp) + UNBONDING;
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.UnbondingStarted(1, ALICE, ALICE, shares, readyAt);
        vm.prank(ALICE);
        same(pool.startUnbonding(ALICE, shares), 1, "first request");
        same(pool.activeOf(ALICE), 0, "earns no more");
        same(pool.stakeOf(ALICE), 100, "is there still");
        same(pool.sharesOf(ALICE, ALICE), 0, "no shares");

        vm.warp(readyAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.NotYet.selector, readyAt));
        vm.prank(ALICE);
        pool.withdraw(1);

        vm.warp(readyAt);
        uint256 before = token.balanceOf(ALICE);
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.Withdrawn(1, ALICE, 100);
        vm.prank(ALICE);
        same(pool.withdraw(1), 100, "amount");
        same(token.balanceOf(ALICE) - before, 100, "paid");
        same(pool.stakeOf(ALICE), 0, "gone");
    }

    function test_a_request_is_paid_once_and_to_its_owner_only() public {
        uint256 shares = back(ALICE, 100);
        vm.prank(ALICE);
        pool.startUnbonding(ALICE, shares);
        vm.warp(block.timestamp + UNBONDING);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.NoSuchRequest.selector, 1));
        vm.prank(BOB);
        pool.withdraw(1);
        vm.prank(ALICE);
        pool.withdraw(1);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.NoSuchRequest.selector, 1));
        vm.prank(ALICE);
        pool.withdraw(1);
    }

    function test_a_request_says_what_it_is_worth() public {
        uint256 shares = back(ALICE, 100);
        vm.prank(ALICE);
        pool.startUnbonding(ALICE, shares);
        (StakePool.Request memory request, uint256 amount) = pool.requestOf(1);
        same(amount, 100, "worth");
        check(request.account == ALICE && request.authority == ALICE, "whose");
        same(request.readyAt, block.timestamp + UNBONDING, "when");
        same(request.shares, 100e6, "shares");
        move(ALICE, 100, BOB, 0);
        (, amount) = pool.requestOf(1);
        same(amount, 0, "wiped out");
    }

    function test_more_shares_than_one_has_cannot_leave() public {
        vm.prank(ALICE);
        pool.admit(BOB, true);
        vm.prank(BOB);
        pool.deposit(ALICE, 100);
        uint256 shares = back(ALICE, 100);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.TooLittle.selector));
        vm.prank(ALICE);
        pool.startUnbonding(ALICE, shares + 1);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.TooLittle.selector));
        vm.prank(ALICE);
        pool.startUnbonding(ALICE, 0);
    }

    function test_exits_go_on_while_entries_are_paused() public {
        uint256 shares = back(ALICE, 100);
        pool.pause();
        vm.prank(ALICE);
        pool.startUnbonding(ALICE, shares);
        vm.warp(block.timestamp + UNBONDING);
        vm.prank(ALICE);
        same(pool.withdraw(1), 100, "out");
    }

    function test_what_is_leaving_is_penalized_in_proportion_and_earns_nothing() public {
        uint256 shares = back(ALICE, 100);
        vm.prank(ALICE);
        pool.startUnbonding(ALICE, shares / 4);
        move(ALICE, 40, BOB, 0);
        same(pool.activeOf(ALICE), 45, "active bears 30");
        (, uint256 amount) = pool.requestOf(1);
        same(amount, 15, "leaving bears 10");
        back(BOB, 10);
        move(BOB, 10, ALICE, 10);
        same(pool.activeOf(ALICE), 55, "active earns");
        (, amount) = pool.requestOf(1);
        same(amount, 15, "leaving does not");
    }

    function test_a_wiped_out_stake_starts_again_and_old_shares_stay_worth_nothing() public {
        uint256 shares = back(ALICE, 100);
        vm.prank(ALICE);
        pool.startUnbonding(ALICE, shares / 2);
        move(ALICE, 1_000, BOB, 0);
        same(pool.stakeOf(ALICE), 0, "nothing left");
        same(pool.sharesOf(ALICE, ALICE), 0, "old shares");

        same(back(ALICE, 7), 7e6, "as for the first time");
        vm.prank(ALICE);
        pool.startUnbonding(ALICE, 7e6);
        vm.warp(block.timestamp + UNBONDING);
        vm.prank(ALICE);
        same(pool.withdraw(1), 0, "the old request");
        vm.prank(ALICE);
        same(pool.withdraw(2), 7, "the new one");
        same(pool.treasury(), 100, "taken");
    }

    function test_two_who_leave_share_what_is_left_by_what_they_brought() public {
        vm.prank(ALICE);
        pool.admit(BOB, true);
        uint256 first = back(ALICE, 300);
        vm.prank(BOB);
        uint256 second = pool.deposit(ALICE, 100);
        vm.prank(ALICE);
        pool.startUnbonding(ALICE, first);
        move(ALICE, 100, BOB, 0);
        vm.prank(BOB);
        pool.startUnbonding(ALICE, second);
        same(pool.activeOf(ALICE), 0, "all leave");
        vm.warp(block.timestamp + UNBONDING);
        vm.prank(ALICE);
        same(pool.withdraw(1), 225, "three quarters");
        vm.prank(BOB);
        same(pool.withdraw(2), 75, "one quarter");
        same(token.balanceOf(address(pool)), pool.treasury(), "nothing but the treasury");
    }

    function test_the_active_stake_of_the_past_is_remembered() public {
        uint64 start = uint64(block.timestamp);
        uint256 shares = back(ALICE, 100);
        vm.warp(start + 10);
        back(ALICE, 50);
        vm.warp(start + 20);
        vm.prank(ALICE);
        pool.startUnbonding(ALICE, shares);
        vm.warp(start + 30);
        move(ALICE, 75, BOB, 0);
        same(pool.activeAt(ALICE, start - 1), 0, "before");
        same(pool.activeAt(ALICE, start), 100, "at the second");
        same(pool.activeAt(ALICE, start + 9), 100, "until the next");
        same(pool.activeAt(ALICE, start + 19), 150, "more");
        same(pool.activeAt(ALICE, start + 29), 50, "less");
        same(pool.activeAt(ALICE, start + 30), 25, "penalized");
        back(BOB, 5);
        vm.warp(start + 40);
        move(BOB, 5, ALICE, 5);
        same(pool.activeAt(ALICE, start + 40), 30, "rewarded");
    }

    function testFuzz_nobody_gets_out_more_than_is_there(uint96 a, uint96 b, uint96 taken, uint96 given, uint8 part)
        public
    {
        uint256 first = uint256(a) % 900_000e18 + 1;
        uint256 second = uint256(b) % 900_000e18 + 1;
        vm.prank(ALICE);
        pool.admit(CHALLENGER, true);
        uint256 shares = back(ALICE, first);
        back(BOB, second);
        uint256 asked = uint256(taken) % (2 * second);
        move(BOB, asked, ALICE, asked == 0 ? 0 : given % asked);
        uint256 leaving = shares * (uint256(part) + 1) / 256;
        vm.assume(pool.worthOf(ALICE, ALICE) * (uint256(part) + 1) > 256);
        vm.prank(ALICE);
        pool.startUnbonding(ALICE, leaving);
        uint256 rest = pool.worthOf(ALICE, ALICE);
        (, uint256 out) = pool.requestOf(1);
        check(rest + out <= pool.stakeOf(ALICE), "no more than the stake");
        same(
            pool.stakeOf(ALICE) + pool.stakeOf(BOB) + pool.treasury(), token.balanceOf(address(pool)), "to the wei"
        );
    }

    function testFuzz_who_comes_and_goes_gains_nothing(uint96 early, uint96 late, uint96 reward) public {
        uint256 brought = uint256(late) % 500_000e18 + 1;
        vm.prank(ALICE);
        pool.admit(CHALLENGER, true);
        back(ALICE, uint256(early) % 500_000e18 + 1);
        back(BOB, uint256(reward) % 500_000e18 + 1);
        move(BOB, uint256(reward), ALICE, uint256(reward) % 500_000e18);
        vm.prank(CHALLENGER);
        try pool.deposit(ALICE, brought) returns (uint256 shares) {
            check(pool.worthOf(ALICE, CHALLENGER) <= brought, "no gain by coming");
            vm.prank(CHALLENGER);
            try pool.startUnbonding(ALICE, shares) {
                (, uint256 out) = pool.requestOf(1);
                check(out <= brought, "no gain by going");
            } catch {}
        } catch {}
    }
}
