// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IQuantileScorer} from "./interfaces/IQuantileScorer.sol";

/// @title What stands in the trees of forecasts and of measured values.
/// @dev Hashed twice, so that an inner node (64 bytes hashed once) can never stand for a leaf.
library Leaves {
    /// @notice The leaf of one target period of one series.
    function ofForecast(
        bytes32 seriesId,
        uint64 targetStart,
        uint32 resolutionS,
        int64[] calldata valuesMilli,
        bytes32 salt
    ) internal pure returns (bytes32) {
        return _again(keccak256(abi.encode(seriesId, targetStart, resolutionS, valuesMilli, salt)));
    }

    /// @notice The leaf of one measured value.
    function ofActual(IQuantileScorer.ActualLeaf calldata leaf) internal pure returns (bytes32) {
        return _again(keccak256(abi.encode(leaf)));
    }

    /// @notice The same leaf as `ofForecast`, for a third of the gas.
    /// @dev The values are hashed as they stand: the caller refuses words that are no int64.
    function ofRevealed(IQuantileScorer.ForecastLeaf calldata leaf) internal pure returns (bytes32 hash) {
        bytes32 seriesId = leaf.seriesId;
        uint256 targetStart = leaf.targetStart;
        uint256 resolutionS = leaf.resolutionS;
        bytes32 salt = leaf.salt;
        int64[] calldata values = leaf.valuesMilli;
        assembly ("memory-safe") {
            let at := mload(0x40)
            let size := shl(5, values.length)
            mstore(at, seriesId)
            mstore(add(at, 0x20), targetStart)
            mstore(add(at, 0x40), resolutionS)
            mstore(add(at, 0x60), 0xa0) // where the list begins
            mstore(add(at, 0x80), salt)
            mstore(add(at, 0xa0), values.length)
            calldatacopy(add(at, 0xc0), values.offset, size)
            mstore(0, keccak256(at, add(size, 0xc0)))
            hash := keccak256(0, 0x20)
        }
    }

    /// @notice The same leaf as `ofActual`, for a third of the gas.
    /// @dev Hashed as it stands: the caller reads every field, and with that refuses words that are too large.
    function ofMeasured(IQuantileScorer.ActualLeaf calldata leaf) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let at := mload(0x40)
            calldatacopy(at, leaf, 0xc0)
            mstore(0, keccak256(at, 0xc0))
            hash := keccak256(0, 0x20)
        }
    }

    /// @notice The root that a leaf and its siblings lead to: OpenZeppelin's processProof, for half of the gas.
    function rootOf(bytes32 leaf, bytes32[] calldata proof) internal pure returns (bytes32 root) {
        root = leaf;
        assembly ("memory-safe") {
            let end := add(proof.offset, shl(5, proof.length))
            for { let at := proof.offset } lt(at, end) { at := add(at, 0x20) } {
                let sibling := calldataload(at)
                let place := shl(5, gt(root, sibling)) // the smaller one first
                mstore(place, root)
                mstore(xor(place, 0x20), sibling)
                root := keccak256(0, 0x40)
            }
        }
    }

    /// @notice Root of the tree over the leaves that `inner` hashes to, in the order of OpenZeppelin's multiproof.
    function rootOver(bytes32[] calldata inner) internal pure returns (bytes32) {
        uint256 count = inner.length;
        if (count == 0) return bytes32(0);
        bytes32[] memory nodes = new bytes32[](2 * count - 1);
        for (uint256 i; i < count; ++i) {
            nodes[i] = keccak256(bytes.concat(inner[i]));
        }
        for (uint256 i = count; i < 2 * count - 1; ++i) {
            (bytes32 a, bytes32 b) = (nodes[2 * (i - count)], nodes[2 * (i - count) + 1]);
            nodes[i] = a < b ? keccak256(bytes.concat(a, b)) : keccak256(bytes.concat(b, a));
        }
        return nodes[2 * count - 2];
    }

    function _again(bytes32 hash) private pure returns (bytes32) {
        return keccak256(bytes.concat(hash));
    }
}
