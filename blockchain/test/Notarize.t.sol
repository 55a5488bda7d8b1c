// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IForecastRegistry} from "../contracts/interfaces/IForecastRegistry.sol";
import {RegistryFixture} from "./RegistryFixture.sol";
import {vm} from "./support/Vm.sol";

/// @dev What the registry takes, and every way in which it refuses a batch.
contract NotarizeTest is RegistryFixture {
    function test_a_batch_before_the_gate_is_recorded_with_both_events() public {
        IForecastRegistry.ForecastBatch memory batch = aBatch();
        bytes memory signature = signed(batch);
        bytes32 batchHash = registry.hashBatch(batch);

        vm.expectEmit(true, true, true, true, address(registry));
        emit IForecastRegistry.BatchNotarized(
            batch.root, authority, batch.productId, SLOT, 1, 24, GATE, batchHash
        );
        vm.expectEmit(true, true, true, true, address(registry));
        emit IForecastRegistry.Recorded(batch.root, authority);
        vm.prank(address(0xBEEF)); // anyone may relay
        registry.notarize(batch, authority, signature);

        check(registry.record(authority, batch.productId, SLOT) == batchHash, "record");
        check(registry.nextNonce(authority) == 1 && registry.lastBatch(authority) == batchHash, "chain");
    }

    function test_the_last_second_before_the_gate_is_in_time() public {
        vm.warp(GATE - 1);
        notarize(aBatch());
    }

    function testFuzz_from_the_gate_on_a_batch_is_refused(uint64 late) public {
        vm.assume(late < type(uint64).max - GATE);
        vm.warp(uint256(GATE) + late);
        refuse(aBatch(), abi.encodeWithSelector(IForecastRegistry.GateClosed.selector, GATE, uint256(GATE) + late));
    }

    function testFuzz_a_gate_after_the_start_of_delivery_is_refused(uint64 delivery) public {
        IForecastRegistry.ForecastBatch memory batch = aBatch();
        batch.deliveryStart = delivery % GATE;
        refuse(
            batch, abi.encodeWithSelector(IForecastRegistry.GateAfterDelivery.selector, GATE, batch.deliveryStart)
        );
    }

    function test_a_root_of_zero_and_a_batch_without_leaves_are_refused() public {
        IForecastRegistry.ForecastBatch memory batch = aBatch();
        batch.root = bytes32(0);
        refuse(batch, abi.encodeWithSelector(IForecastRegistry.EmptyBatch.selector));
        batch = aBatch();
        batch.leafCount = 0;
        refuse(batch, abi.encodeWithSelector(IForecastRegistry.EmptyBatch.selector));
    }

    function test_a_batch_of_an_unknown_authority_is_refused() public {
        IForecastRegistry.ForecastBatch memory batch = aBatch();
        bytes memory signature = signedBy(7, batch);
        vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.UnknownAuthority.selector, vm.addr(7)));
        registry.notarize(batch, vm.addr(7), signature);
    }

    function testFuzz_another_key_cannot_sign_for_the_authority(uint128 key) public {
        vm.assume(key != 0 && key != KEY);
        IForecastRegistry.ForecastBatch memory batch = aBatch();
        bytes memory signature = signedBy(key, batch);
        vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.BadSignature.selector, authority));
        registry.notarize(batch, authority, signature);
    }

    function testFuzz_a_signature_does_not_cover_a_changed_batch(bytes32 root, bytes32 model) public {
        IForecastRegistry.ForecastBatch memory batch = aBatch();
        bytes memory signature = signed(batch);
        vm.assume(root != bytes32(0) && (root != batch.root || model != batch.modelHash));
        (batch.root, batch.modelHash) = (root, model);
        vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.BadSignature.selector, authority));
        registry.notarize(batch, authority, signature);
    }

    function test_malformed_signatures_are_refused() public {
        IForecastRegistry.ForecastBatch memory batch = aBatch();
        bytes[3] memory bad = [bytes(""), hex"00", new bytes(65)];
        for (uint256 i; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.BadSignature.selector, authority));
            registry.notarize(batch, authority, bad[i]);
        }
    }

    function test_the_mirrored_signature_is_refused() public {
        IForecastRegistry.ForecastBatch memory batch = aBatch();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, registry.digestOf(batch));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes memory mirrored = abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.BadSignature.selector, authority));
        registry.notarize(batch, authority, mirrored);
    }

    function test_a_signature_for_another_chain_is_refused() public {
        IForecastRegistry.ForecastBatch memory batch = aBatch();
        bytes memory signature = signed(batch);
        vm.chainId(777);
        vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.BadSignature.selector, authority));
        registry.notarize(batch, authority, signature);
    }

    function test_a_replayed_batch_is_refused() public {
        IForecastRegistry.ForecastBatch memory batch = aBatch();
        notarize(batch);
        refuse(batch, abi.encodeWithSelector(IForecastRegistry.WrongNonce.selector, 1, 0));
    }

    function testFuzz_a_batch_out_of_order_is_refused(uint256 nonce) public {
        vm.assume(nonce != 0);
        IForecastRegistry.ForecastBatch memory batch = aBatch();
        batch.nonce = nonce;
        refuse(batch, abi.encodeWithSelector(IForecastRegistry.WrongNonce.selector, 0, nonce));
    }

    function testFuzz_a_batch_that_does_not_follow_the_last_one_is_refused(bytes32 other) public {
        notarize(aBatch());
        IForecastRegistry.ForecastBatch memory batch = aBatch();
        vm.assume(other != batch.prevBatch);
        bytes32 last = batch.prevBatch;
        batch.version = 2;
        batch.prevBatch = other;
        refuse(batch, abi.encodeWithSelector(IForecastRegistry.WrongPreviousBatch.selector, last, other));
    }

    function test_a_version_of_zero_is_refused() public {
        IForecastRegistry.ForecastBatch memory batch = aBatch();
        batch.version = 0;
        refuse(batch, abi.encodeWithSelector(IForecastRegistry.VersionNotHigher.selector, 0, 0));
    }

    function test_one_authority_cannot_take_the_slot_of_another() public {
        registry.registerAuthority(vm.addr(2), IForecastRegistry.SignerKind.Account);
        IForecastRegistry.ForecastBatch memory foreign = batchOf(vm.addr(2));
        registry.notarize(foreign, vm.addr(2), signedBy(2, foreign)); // the same root, front-run
        IForecastRegistry.ForecastBatch memory batch = aBatch();
        notarize(batch);
        check(registry.record(authority, batch.productId, SLOT) == registry.hashBatch(batch), "own record");
    }

    function testFuzz_nonces_and_hashes_form_one_chain(uint8 length) public {
        bytes32 previous = bytes32(uint256(uint160(authority)));
        for (uint256 i; i < length % 8; ++i) {
            IForecastRegistry.ForecastBatch memory batch = aBatch();
            check(batch.nonce == i && batch.prevBatch == previous, "follows");
            batch.slot = SLOT + uint64(i) * 900;
            notarize(batch);
            previous = registry.hashBatch(batch);
        }
    }
}
