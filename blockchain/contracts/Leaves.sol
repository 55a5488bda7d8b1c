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

    function _again(bytes32 hash) private pure returns (bytes32) {
        return keccak256(bytes.concat(hash));
    }
}
