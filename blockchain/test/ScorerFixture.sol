// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {QuantileScorer} from "../contracts/QuantileScorer.sol";
import {IQuantileScorer} from "../contracts/interfaces/IQuantileScorer.sol";

/// @dev Leaves of two periods of one series, with the two trees over them.
abstract contract ScorerFixture {
    bytes32 internal constant SERIES = keccak256("home-01/net");
    uint64 internal constant START = 1_780_272_000;
    uint64 internal constant CAPACITY = 5_000_000;

    QuantileScorer internal scorer = new QuantileScorer();

    function check(bool condition, string memory what) internal pure {
        require(condition, what);
    }

    function levels() internal pure returns (uint16[] memory bps) {
        bps = new uint16[](3);
        (bps[0], bps[1], bps[2]) = (1000, 5000, 9000);
    }

    function threeValues(int64 a, int64 b, int64 c) internal pure returns (int64[] memory values) {
        values = new int64[](3);
        (values[0], values[1], values[2]) = (a, b, c);
    }

    function forecasts() internal pure returns (IQuantileScorer.ForecastLeaf[] memory leaves) {
        leaves = new IQuantileScorer.ForecastLeaf[](2);
        for (uint64 i; i < 2; ++i) {
            int64[] memory values = threeValues(1_000_000, 2_000_000, 3_000_000 + int64(i));
            leaves[i] = IQuantileScorer.ForecastLeaf(SERIES, START + 900 * i, 900, values, keccak256(abi.encode(i)));
        }
    }

    function actuals() internal pure returns (IQuantileScorer.ActualLeaf[] memory leaves) {
        leaves = new IQuantileScorer.ActualLeaf[](2);
        for (uint64 i; i < 2; ++i) {
            leaves[i] = IQuantileScorer.ActualLeaf(
                SERIES, START + 900 * i, 900, 2_500_000 - 2_000_000 * int64(i), CAPACITY, keccak256(abi.encode("a", i))
            );
        }
    }

    function forecastHash(IQuantileScorer.ForecastLeaf memory leaf) internal pure returns (bytes32) {
        bytes32 inner =
            keccak256(abi.encode(leaf.seriesId, leaf.targetStart, leaf.resolutionS, leaf.valuesMilli, leaf.salt));
        return keccak256(abi.encode(inner));
    }

    function pairHash(bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }

    function forecastRoot() internal pure returns (bytes32) {
        return pairHash(forecastHash(forecasts()[0]), forecastHash(forecasts()[1]));
    }

    function actualsRoot() internal view returns (bytes32) {
        return pairHash(scorer.actualLeafHash(actuals()[0]), scorer.actualLeafHash(actuals()[1]));
    }

    function all() internal pure returns (IQuantileScorer.MultiProof memory whole) {
        whole.flags = new bool[](1);
        whole.flags[0] = true;
    }

    function only(bytes32 node) internal pure returns (bytes32[] memory proof) {
        proof = new bytes32[](1);
        proof[0] = node;
    }
}
