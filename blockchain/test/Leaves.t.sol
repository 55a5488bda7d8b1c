// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IForecastRegistry} from "../contracts/interfaces/IForecastRegistry.sol";
import {RegistryFixture} from "./RegistryFixture.sol";
import {vm} from "./support/Vm.sol";

/// @dev A leaf is proven for what counts, as it stands, for a period after the gate, and in no other way.
contract LeavesTest is RegistryFixture {
    bytes32 private constant SERIES = keccak256("home-01/net");
    bytes32 private constant SALT = keccak256("salt");

    IForecastRegistry.ForecastBatch private batch;

    function sealOf(bytes32 leaf, bytes32 sibling) private returns (bytes32[] memory proof) {
        batch = aBatch();
        batch.root = leaf < sibling ? keccak256(bytes.concat(leaf, sibling)) : keccak256(bytes.concat(sibling, leaf));
        batch.leafCount = 2;
        notarize(batch);
        proof = new bytes32[](1);
        proof[0] = sibling;
    }

    function isProven(uint64 start, int64[] memory values, bytes32 salt, bytes32[] memory proof)
        private
        view
        returns (bool)
    {
        return registry.verifyLeaf(batch, authority, SERIES, start, 900, values, salt, proof);
    }

    function testFuzz_a_sealed_leaf_is_proven_and_any_other_is_not(int64[] memory values, bytes32 sibling) public {
        vm.assume(values.length != 0);
        bytes32[] memory proof = sealOf(registry.leafHash(SERIES, GATE, 900, values, SALT), sibling);
        check(isProven(GATE, values, SALT, proof), "proven");
        check(!isProven(GATE + 900, values, SALT, proof), "other period");
        check(!isProven(GATE, values, keccak256("other"), proof), "other salt");
        unchecked {
            values[0] += 1;
        }
        check(!isProven(GATE, values, SALT, proof), "other value");
    }

    function test_a_period_before_the_gate_is_never_proven() public {
        int64[] memory values = new int64[](1);
        bytes32[] memory proof = sealOf(registry.leafHash(SERIES, GATE - 900, 900, values, SALT), keccak256("s"));
        check(!isProven(GATE - 900, values, SALT, proof), "began before the gate");
    }

    function test_nothing_is_proven_for_a_slot_without_a_seal() public {
        batch = aBatch();
        check(!isProven(GATE, new int64[](1), SALT, new bytes32[](0)), "no seal");
    }

    function test_nothing_is_proven_by_a_batch_that_was_replaced_or_never_sealed() public {
        int64[] memory values = new int64[](1);
        bytes32[] memory proof = sealOf(registry.leafHash(SERIES, GATE, 900, values, SALT), keccak256("sibling"));
        IForecastRegistry.ForecastBatch memory better = aBatch();
        better.version = 2;
        notarizeAgain(better, batch);
        check(!isProven(GATE, values, SALT, proof), "replaced");
        batch = better;
        batch.root = MerkleProof.processProof(proof, registry.leafHash(SERIES, GATE, 900, values, SALT));
        check(!isProven(GATE, values, SALT, proof), "never sealed");
    }

    function test_an_inner_node_does_not_pass_for_a_leaf() public {
        int64[] memory values = new int64[](1);
        bytes32 leaf = registry.leafHash(SERIES, GATE, 900, values, SALT);
        sealOf(leaf, keccak256("sibling"));
        // With an empty proof the root itself would have to be the leaf.
        check(!isProven(GATE, values, SALT, new bytes32[](0)), "root as leaf");
    }

    function testFuzz_the_leaf_is_hashed_twice(int64[] memory values, uint64 start, uint32 resolution) public view {
        bytes32 once = keccak256(abi.encode(SERIES, start, resolution, values, SALT));
        bytes32 leaf = registry.leafHash(SERIES, start, resolution, values, SALT);
        check(leaf == keccak256(bytes.concat(once)) && leaf != once, "twice");
    }
}
