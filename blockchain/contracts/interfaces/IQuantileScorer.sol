// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title Pinball loss in integers, over revealed leaves.
/// @notice Pure: the same numbers give the same score on any chain and in any implementation, so arithmetic is
/// never disputed. Values and capacity are thousandths of the series' base unit, levels are basis points.
/// @dev Per period: for level q and value v against outcome a the loss is q(a - v) where a >= v, else
/// (10000 - q)(v - a). The score is 2 * sum(loss) * ONE / (n * 10000 * capacity), rounded down, at most ONE.
/// Source of the rule: Gneiting & Raftery 2007, quantile score.
interface IQuantileScorer {
    /// @notice What one forecast leaf opens to.
    struct ForecastLeaf {
        bytes32 seriesId;
        uint64 targetStart;
        uint32 resolutionS;
        int64[] valuesMilli;
        bytes32 salt;
    }

    /// @notice What one leaf of measured values opens to. The capacity scales the score of the series.
    struct ActualLeaf {
        bytes32 seriesId;
        uint64 targetStart;
        uint32 resolutionS;
        int64 valueMilli;
        uint64 capacityMilli;
        bytes32 salt;
    }

    /// @notice A set of leaves and what leads from all of them to one root (OpenZeppelin multiproof).
    struct MultiProof {
        bytes32[] proof;
        bool[] flags;
    }

    /// @notice As many values as levels, and at least one of each.
    error WrongLevelCount(uint256 levels, uint256 values);
    /// @notice Levels ascend strictly between 0 and 10000.
    error BadLevels();
    /// @notice A series without capacity cannot be scored.
    error NoCapacity(bytes32 seriesId);
    /// @notice The leaves do not lead to the root.
    error NotUnderRoot(bytes32 root);
    /// @notice Forecast and actual are of different series, moments or resolutions.
    error LeavesDoNotMatch(uint256 index);

    /// @notice The worst score of a period, and that of one that was not revealed.
    // solhint-disable-next-line func-name-mixedcase
    function ONE() external pure returns (uint256);

    /// @notice Score of one period.
    function score(uint16[] calldata levelsBps, int64[] calldata valuesMilli, int64 actualMilli, uint64 capacityMilli)
        external
        pure
        returns (uint256);

    /// @notice Score of one revealed period, proven under both roots.
    function scorePeriod(
        uint16[] calldata levelsBps,
        bytes32 forecastRoot,
        ForecastLeaf calldata forecast,
        bytes32[] calldata forecastProof,
        bytes32 actualsRoot,
        ActualLeaf calldata actual,
        bytes32[] calldata actualProof
    ) external pure returns (uint256);

    /// @notice Sum of the scores of many periods, proven under both roots at once.
    /// @dev Leaves stand in the order that the multiproof wants; the two lists are paired by index.
    function scoreMany(
        uint16[] calldata levelsBps,
        bytes32 forecastRoot,
        ForecastLeaf[] calldata forecasts,
        MultiProof calldata forecastProof,
        bytes32 actualsRoot,
        ActualLeaf[] calldata actuals,
        MultiProof calldata actualsProof
    ) external pure returns (uint256 sum);

    /// @notice keccak256 twice over abi.encode of the fields, as the registry's leaves.
    function actualLeafHash(ActualLeaf calldata leaf) external pure returns (bytes32);
}
