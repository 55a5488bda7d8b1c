// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Guarded} from "../contracts/Guarded.sol";
import {Settlement} from "../contracts/Settlement.sol";
import {IActualsRegistry} from "../contracts/interfaces/IActualsRegistry.sol";
import {IForecastRegistry} from "../contracts/interfaces/IForecastRegistry.sol";
import {ISettlement} from "../contracts/interfaces/ISettlement.sol";
import {IStakePool} from "../contracts/interfaces/IStakePool.sol";
import {vm} from "../test/support/Vm.sol";
import {RoundFixture} from "./RoundFixture.sol";

/// @dev Who takes part in which slots, and on what terms.
contract MembershipsTest is RoundFixture {
    function takesPart(address authority, uint64 slot) internal view returns (bool) {
        address[] memory players = settlement.participants(PRODUCT, slot);
        for (uint256 i; i < players.length; ++i) {
            if (players[i] == authority) return true;
        }
        return false;
    }

    function join(address authority) internal {
        vm.prank(authority);
        settlement.join(PRODUCT);
    }

    function refuseToJoin(address authority) internal {
        vm.expectRevert(abi.encodeWithSelector(ISettlement.CannotJoin.selector, authority));
        join(authority);
    }

    function test_who_joins_takes_part_from_the_next_second_on() public {
        back(carol, 5);
        uint64 now_ = uint64(block.timestamp);
        vm.expectEmit(true, true, true, true, address(settlement));
        emit ISettlement.Joined(PRODUCT, carol, now_ + 1);
        join(carol);
        check(!takesPart(carol, now_), "not in a slot that has begun");
        check(takesPart(carol, now_ + 1), "in the next");
        same(settlement.participants(keccak256("other"), now_ + 1).length, 0, "in no other product");
    }

    function test_who_leaves_stays_in_the_slots_that_have_begun() public {
        enter(carol, 5);
        vm.warp(SLOT);
        vm.expectEmit(true, true, true, true, address(settlement));
        emit ISettlement.Left(PRODUCT, carol, SLOT + 1);
        vm.prank(carol);
        settlement.leave(PRODUCT);
        check(takesPart(carol, SLOT), "still in");
        check(!takesPart(carol, SLOT + 1), "no more");
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotIn.selector, carol));
        vm.prank(carol);
        settlement.leave(PRODUCT);
    }

    function test_leaving_does_not_touch_others() public {
        enter(carol, 5);
        enter(dave, 5);
        vm.prank(dave);
        settlement.leave(PRODUCT);
        check(takesPart(carol, SLOT) && !takesPart(dave, SLOT), "only one left");
    }

    function test_only_registered_authorities_with_active_stake_join() public {
        refuseToJoin(carol);
        back(ALICE, 5);
        refuseToJoin(ALICE);
        uint256 shares = back(carol, 5);
        vm.prank(carol);
        pool.startUnbonding(carol, shares);
        refuseToJoin(carol);
    }

    function test_nobody_is_in_twice_nor_back_before_the_last_slots_are_over() public {
        enter(carol, 5);
        refuseToJoin(carol);
        vm.prank(carol);
        settlement.leave(PRODUCT);
        uint256 until = block.timestamp + 1;
        refuseToJoin(carol);
        vm.warp(until + UNBONDING);
        refuseToJoin(carol);
        vm.warp(until + UNBONDING + 1);
        join(carol);
        check(takesPart(carol, uint64(block.timestamp) + 1), "in again");
    }

    function test_a_product_holds_so_many_and_places_are_given_again() public {
        for (uint256 i; i < settlement.MAX_MEMBERS(); ++i) {
            enter(anAuthority(1_000 + i), 1);
        }
        back(carol, 5);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.ProductFull.selector, PRODUCT));
        join(carol);
        vm.prank(vm.addr(1_003));
        settlement.leave(PRODUCT);
        vm.warp(block.timestamp + UNBONDING + 2);
        join(carol);
        same(settlement.participants(PRODUCT, uint64(block.timestamp) + 1).length, 32, "full again");
        back(dave, 5);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.ProductFull.selector, PRODUCT));
        join(dave);
    }

    function test_a_pause_stops_joining_and_not_leaving() public {
        enter(carol, 5);
        back(dave, 5);
        settlement.pause();
        vm.expectRevert(abi.encodeWithSelector(Pausable.EnforcedPause.selector));
        join(dave);
        vm.prank(carol);
        settlement.leave(PRODUCT);
    }

    function test_terms_hold_from_their_slot_on() public {
        ISettlement.Terms memory later = terms();
        later.capBps = 10_000;
        uint64 from = uint64(block.timestamp) + UNBONDING;
        vm.expectEmit(true, true, true, true, address(settlement));
        emit ISettlement.TermsSet(PRODUCT, from, later);
        settlement.setTerms(PRODUCT, from, later);
        same(settlement.termsOf(PRODUCT, SLOT - 100).capBps, 3_000, "first");
        same(settlement.termsOf(PRODUCT, from - 1).capBps, 3_000, "until the last second");
        same(settlement.termsOf(PRODUCT, from).capBps, 10_000, "then the new ones");
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NoTerms.selector, PRODUCT, SLOT - 101));
        settlement.termsOf(PRODUCT, SLOT - 101);
    }

    function test_terms_are_told_before_they_hold() public {
        bytes memory refused = abi.encodeWithSelector(ISettlement.BadTerms.selector);
        bytes32 other = keccak256("other");
        vm.expectRevert(refused);
        settlement.setTerms(other, uint64(block.timestamp), terms());
        settlement.setTerms(other, uint64(block.timestamp) + 1, terms());
        vm.expectRevert(refused);
        settlement.setTerms(other, uint64(block.timestamp) + UNBONDING - 1, terms());
        settlement.setTerms(other, uint64(block.timestamp) + UNBONDING, terms());
        vm.expectRevert(refused);
        settlement.setTerms(other, uint64(block.timestamp) + UNBONDING, terms());
        settlement.setTerms(other, uint64(block.timestamp) + UNBONDING + 1, terms());
    }

    function refuseTerms(ISettlement.Terms memory bad) internal {
        vm.expectRevert(abi.encodeWithSelector(ISettlement.BadTerms.selector));
        settlement.setTerms(keccak256("other"), SLOT, bad);
    }

    function test_terms_that_cannot_be_are_refused() public {
        ISettlement.Terms memory bad = terms();
        bad.benchmark = address(0);
        refuseTerms(bad);
        bad = terms();
        bad.capBps = 10_001;
        refuseTerms(bad);
        bad = terms();
        bad.revealWindow = 0;
        refuseTerms(bad);
        bad.revealWindow = UNBONDING;
        refuseTerms(bad);
        bad = terms();
        bad.gateWindow = UNBONDING;
        refuseTerms(bad);
        bad.gateWindow = UNBONDING - 1;
        bad.revealWindow = UNBONDING - 1;
        bad.capBps = 10_000;
        settlement.setTerms(keccak256("other"), SLOT, bad);
    }

    function testFuzz_only_the_admin_sets_terms(address stranger) public {
        vm.assume(stranger != address(this));
        vm.expectRevert(refusedFor(stranger, bytes32(0)));
        vm.prank(stranger);
        settlement.setTerms(PRODUCT, SLOT + UNBONDING, terms());
    }

    function test_settings_that_cannot_be_are_refused() public {
        bytes memory refused = abi.encodeWithSelector(Guarded.BadSetting.selector);
        vm.expectRevert(refused);
        new Settlement(operations, IForecastRegistry(ALICE), pool, actuals, scorer);
        vm.expectRevert(refused);
        new Settlement(operations, registry, IStakePool(ALICE), actuals, scorer);
        vm.expectRevert(refused);
        new Settlement(operations, registry, pool, IActualsRegistry(ALICE), scorer);
        check(settlement.registry() == registry && settlement.pool() == pool, "set");
        check(settlement.actuals() == actuals && settlement.scorer() == scorer, "set too");
    }
}
