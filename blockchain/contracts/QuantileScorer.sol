// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Leaves} from "./Leaves.sol";
import {IQuantileScorer} from "./interfaces/IQuantileScorer.sol";

/// @title Pinball loss in integers, over revealed leaves.
/// @notice Without state: whatever it is given, it gives the same answer for ever.
contract QuantileScorer is IQuantileScorer {
    /// @inheritdoc IQuantileScorer
    uint256 public constant ONE = 1e18;

    uint256 private constant BPS = 10_000;

    /// @inheritdoc IQuantileScorer
    function score(uint16[] calldata levelsBps, int64[] calldata valuesMilli, int64 actualMilli, uint64 capacityMilli)
        external
        pure
        returns (uint256)
    {
        return _score(levelsBps, valuesMilli, actualMilli, capacityMilli, bytes32(0));
    }

    /// @inheritdoc IQuantileScorer
    function scorePeriod(
        uint16[] calldata levelsBps,
        bytes32 forecastRoot,
        ForecastLeaf calldata forecast,
        bytes32[] calldata forecastProof,
        bytes32 actualsRoot,
        ActualLeaf calldata actual,
        bytes32[] calldata actualProof
    ) external pure returns (uint256) {
        _checkPair(forecast, actual, 0);
        if (Leaves.rootOf(Leaves.ofRevealed(forecast), forecastProof) != forecastRoot) {
            revert NotUnderRoot(forecastRoot);
        }
        if (Leaves.rootOf(Leaves.ofMeasured(actual), actualProof) != actualsRoot) revert NotUnderRoot(actualsRoot);
        return _score(levelsBps, forecast.valuesMilli, actual.valueMilli, actual.capacityMilli, actual.seriesId);
    }

    /// @inheritdoc IQuantileScorer
    function scoreMany(
        uint16[] calldata levelsBps,
        bytes32 forecastRoot,
        ForecastLeaf[] calldata forecasts,
        MultiProof calldata forecastProof,
        bytes32 actualsRoot,
        ActualLeaf[] calldata actuals,
        MultiProof calldata actualsProof
    ) external pure returns (uint256 sum) {
        uint256 count = forecasts.length;
        if (count == 0 || count != actuals.length) {
            revert LeavesDoNotMatch(count < actuals.length ? count : actuals.length);
        }
        bytes32[] memory forecastLeaves = new bytes32[](count);
        bytes32[] memory actualLeaves = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            ForecastLeaf calldata forecast = forecasts[i];
            ActualLeaf calldata actual = actuals[i];
            _checkPair(forecast, actual, i);
            forecastLeaves[i] = Leaves.ofRevealed(forecast);
            actualLeaves[i] = Leaves.ofMeasured(actual);
            sum += _score(levelsBps, forecast.valuesMilli, actual.valueMilli, actual.capacityMilli, actual.seriesId);
        }
        _checkRoot(forecastProof, forecastLeaves, forecastRoot);
        _checkRoot(actualsProof, actualLeaves, actualsRoot);
    }

    /// @inheritdoc IQuantileScorer
    function actualLeafHash(ActualLeaf calldata leaf) external pure returns (bytes32) {
        return Leaves.ofActual(leaf);
    }

    function _checkRoot(MultiProof calldata proof, bytes32[] memory leaves, bytes32 root) private pure {
        if (MerkleProof.processMultiProofCalldata(proof.proof, proof.flags, leaves) != root) {
            revert NotUnderRoot(root);
        }
    }

    function _checkPair(ForecastLeaf calldata forecast, ActualLeaf calldata actual, uint256 index) private pure {
        bool same = forecast.seriesId == actual.seriesId && forecast.targetStart == actual.targetStart
            && forecast.resolutionS == actual.resolutionS;
        if (!same) revert LeavesDoNotMatch(index);
    }

    /// @dev No sum can overflow: a miss is below 2**65, a level below 2**14, and there are fewer levels than that;
    /// with 2 * ONE the numerator stays below 2**155.
    function _score(
        uint16[] calldata levelsBps,
        int64[] calldata valuesMilli,
        int64 actualMilli,
        uint64 capacityMilli,
        bytes32 seriesId
    ) private pure returns (uint256 worth) {
        uint256 count = levelsBps.length;
        if (count == 0 || count != valuesMilli.length) revert WrongLevelCount(count, valuesMilli.length);
        if (capacityMilli == 0) revert NoCapacity(seriesId);
        unchecked {
            uint256 loss;
            uint256 below;
            for (uint256 i; i < count; ++i) {
                (uint256 level, int256 value) = _at(levelsBps, valuesMilli, i);
                if (level <= below || level >= BPS) revert BadLevels();
                below = level;
                require(value == int64(value)); // as the ABI would refuse it
                int256 miss = actualMilli - value;
                loss += miss < 0 ? (BPS - level) * uint256(-miss) : level * uint256(miss);
            }
            worth = 2 * loss * ONE / (count * BPS * capacityMilli);
        }
        return worth < ONE ? worth : ONE;
    }

    /// @dev Whole words of two lists that are longer than `i`; the caller checks that they fit their types.
    function _at(uint16[] calldata levelsBps, int64[] calldata valuesMilli, uint256 i)
        private
        pure
        returns (uint256 level, int256 value)
    {
        assembly ("memory-safe") {
            level := calldataload(add(levelsBps.offset, shl(5, i)))
            value := calldataload(add(valuesMilli.offset, shl(5, i)))
        }
    }
}
