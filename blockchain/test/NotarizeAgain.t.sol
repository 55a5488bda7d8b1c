// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IForecastRegistry} from "../contracts/interfaces/IForecastRegistry.sol";
import {RegistryFixture} from "./RegistryFixture.sol";
import {vm} from "./support/Vm.sol";

/// @dev One batch counts per slot: the last before the gate; and nobody can have several to choose from.
contract NotarizeAgainTest is RegistryFixture {
    function version(uint32 number) private view returns (IForecastRegistry.ForecastBatch memory batch) {
        batch = aBatch();
        (batch.version, batch.root) = (number, keccak256(abi.encode("root", number)));
    }

    function test_the_last_version_before_the_gate_counts_and_all_stay_listed() public {
        IForecastRegistry.ForecastBatch memory first = version(1);
        notarize(first);
        IForecastRegistry.ForecastBatch memory second = version(2);
        notarizeAgain(second, first);
        IForecastRegistry.ForecastBatch memory third = version(7);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IForecastRegistry.BatchNotarized(
            third.root, authority, third.productId, SLOT, 7, 24, GATE, registry.hashBatch(third)
        );
        notarizeAgain(third, second);

        check(registry.record(authority, third.productId, SLOT) == registry.hashBatch(third), "last counts");
        bytes32[] memory all = registry.history(authority, third.productId, SLOT);
        check(all.length == 3, "all listed");
        check(all[0] == registry.hashBatch(first) && all[1] == registry.hashBatch(second), "oldest first");
        check(all[2] == registry.hashBatch(third), "last is what counts");
        check(registry.nextNonce(authority) == 3 && registry.lastBatch(authority) == all[2], "chain");
    }

    function test_a_slot_has_no_history_before_and_one_entry_after_its_first_batch() public {
        IForecastRegistry.ForecastBatch memory batch = version(1);
        check(registry.history(authority, batch.productId, SLOT).length == 0, "none");
        notarize(batch);
        bytes32[] memory all = registry.history(authority, batch.productId, SLOT);
        check(all.length == 1 && all[0] == registry.hashBatch(batch), "one");
    }

    function test_a_recorded_slot_is_not_recorded_as_if_it_were_empty() public {
        IForecastRegistry.ForecastBatch memory first = version(1);
        notarize(first);
        bytes32 recorded = registry.hashBatch(first);
        refuse(version(2), abi.encodeWithSelector(IForecastRegistry.AlreadyRecorded.selector, recorded));
        IForecastRegistry.ForecastBatch[] memory batches = new IForecastRegistry.ForecastBatch[](1);
        bytes[] memory signatures = new bytes[](1);
        (batches[0], signatures[0]) = (version(2), signed(version(2)));
        vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.AlreadyRecorded.selector, recorded));
        registry.notarizeMany(batches, authority, signatures);
    }

    function testFuzz_a_version_that_is_not_higher_is_refused(uint32 first, uint32 second) public {
        if (first == 0) first = 1;
        second = uint32(second % (uint256(first) + 1));
        IForecastRegistry.ForecastBatch memory recorded = version(first);
        notarize(recorded);
        refuseAgain(
            version(second),
            recorded,
            abi.encodeWithSelector(IForecastRegistry.VersionNotHigher.selector, first, second)
        );
    }

    function testFuzz_a_gate_can_only_move_earlier(uint64 gate) public {
        IForecastRegistry.ForecastBatch memory first = version(1);
        notarize(first);
        IForecastRegistry.ForecastBatch memory second = version(2);
        (second.gateClosure, second.deliveryStart) = (gate, type(uint64).max);
        if (gate <= block.timestamp) {
            refuseAgain(
                second, first, abi.encodeWithSelector(IForecastRegistry.GateClosed.selector, gate, block.timestamp)
            );
        } else if (gate > GATE) {
            refuseAgain(second, first, abi.encodeWithSelector(IForecastRegistry.GateMoved.selector, GATE, gate));
        } else {
            notarizeAgain(second, first);
        }
    }

    function test_a_version_of_after_the_outcome_is_refused_whatever_its_gate() public {
        IForecastRegistry.ForecastBatch memory first = version(1);
        notarize(first);
        vm.warp(GATE + 3600); // the outcome is known by now
        IForecastRegistry.ForecastBatch memory second = version(2);
        refuseAgain(
            second, first, abi.encodeWithSelector(IForecastRegistry.GateClosed.selector, GATE, GATE + 3600)
        );
        (second.gateClosure, second.deliveryStart) = (GATE + 7200, GATE + 7200);
        refuseAgain(second, first, abi.encodeWithSelector(IForecastRegistry.GateMoved.selector, GATE, GATE + 7200));
    }

    function testFuzz_only_the_recorded_batch_stands_for_what_is_recorded(bytes32 root, uint64 gate) public {
        IForecastRegistry.ForecastBatch memory first = version(1);
        notarize(first);
        bytes32 recorded = registry.hashBatch(first);
        vm.assume(root != first.root || gate != GATE);
        (first.root, first.gateClosure) = (root, gate); // a forged gate would let the next one move
        bytes32 forged = registry.hashBatch(first);
        refuseAgain(
            version(2),
            first,
            abi.encodeWithSelector(IForecastRegistry.NotTheRecordedBatch.selector, recorded, forged)
        );
    }

    function test_an_empty_slot_and_another_slot_have_nothing_to_replace() public {
        IForecastRegistry.ForecastBatch memory first = version(1);
        bytes32 hash = registry.hashBatch(first);
        refuseAgain(
            version(2), first, abi.encodeWithSelector(IForecastRegistry.NotTheRecordedBatch.selector, 0, hash)
        );
        notarize(first);
        IForecastRegistry.ForecastBatch memory elsewhere = version(2);
        elsewhere.slot = SLOT + 900;
        refuseAgain(
            elsewhere, first, abi.encodeWithSelector(IForecastRegistry.NotTheRecordedBatch.selector, 0, hash)
        );
    }

    function test_another_authoritys_batch_is_not_replaced() public {
        registry.registerAuthority(vm.addr(2), IForecastRegistry.SignerKind.Account);
        IForecastRegistry.ForecastBatch memory first = version(1);
        notarize(first);
        bytes32 hash = registry.hashBatch(first);
        IForecastRegistry.ForecastBatch memory second = batchOf(vm.addr(2));
        bytes memory signature = signedBy(2, second);
        vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.NotTheRecordedBatch.selector, 0, hash));
        registry.notarizeAgain(second, first, vm.addr(2), signature);
    }

    function test_a_later_version_needs_the_authoritys_signature() public {
        IForecastRegistry.ForecastBatch memory first = version(1);
        notarize(first);
        IForecastRegistry.ForecastBatch memory second = version(2);
        bytes memory foreign = signedBy(7, second);
        vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.BadSignature.selector, authority));
        registry.notarizeAgain(second, first, authority, foreign);
    }
}

/// @dev Many batches in one transaction: all or nothing.
contract NotarizeManyTest is RegistryFixture {
    function chainOf(uint256 count)
        private
        view
        returns (IForecastRegistry.ForecastBatch[] memory batches, bytes[] memory signatures)
    {
        batches = new IForecastRegistry.ForecastBatch[](count);
        signatures = new bytes[](count);
        for (uint256 i; i < count; ++i) {
            batches[i] = aBatch();
            (batches[i].slot, batches[i].nonce) = (SLOT + 900 * uint64(i), i);
            if (i != 0) batches[i].prevBatch = registry.hashBatch(batches[i - 1]);
            signatures[i] = signed(batches[i]);
        }
    }

    function testFuzz_batches_that_follow_each_other_are_recorded_together(uint8 count) public {
        uint256 length = 1 + (count % 6);
        (IForecastRegistry.ForecastBatch[] memory batches, bytes[] memory signatures) = chainOf(length);
        registry.notarizeMany(batches, authority, signatures);
        check(registry.nextNonce(authority) == length, "all");
        for (uint256 i; i < length; ++i) {
            bytes32 recorded = registry.record(authority, batches[i].productId, batches[i].slot);
            check(recorded == registry.hashBatch(batches[i]), "each");
        }
    }

    function test_one_bad_batch_stops_all() public {
        (IForecastRegistry.ForecastBatch[] memory batches, bytes[] memory signatures) = chainOf(3);
        signatures[2] = signatures[1];
        vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.BadSignature.selector, authority));
        registry.notarizeMany(batches, authority, signatures);
        check(registry.nextNonce(authority) == 0, "none");
        check(registry.record(authority, batches[0].productId, SLOT) == bytes32(0), "no record");
    }

    function test_one_slot_twice_in_one_transaction_is_refused() public {
        (IForecastRegistry.ForecastBatch[] memory batches, bytes[] memory signatures) = chainOf(2);
        (batches[1].slot, batches[1].version) = (SLOT, 2);
        signatures[1] = signed(batches[1]);
        bytes32 recorded = registry.hashBatch(batches[0]);
        vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.AlreadyRecorded.selector, recorded));
        registry.notarizeMany(batches, authority, signatures);
    }

    function test_each_batch_needs_its_signature() public {
        (IForecastRegistry.ForecastBatch[] memory batches,) = chainOf(2);
        vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.WrongSignatureCount.selector, 2, 1));
        registry.notarizeMany(batches, authority, new bytes[](1));
        vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.WrongSignatureCount.selector, 0, 0));
        registry.notarizeMany(new IForecastRegistry.ForecastBatch[](0), authority, new bytes[](0));
    }
}
