// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IQuantileScorer} from "../contracts/interfaces/IQuantileScorer.sol";
import {ScorerFixture} from "./ScorerFixture.sol";

/// @dev The scorer reads whole words of calldata: words that are too large for their type must not count, even if
/// somebody sealed a leaf that holds them.
contract WideWordsTest is ScorerFixture {
    struct WideForecast {
        bytes32 seriesId;
        uint256 targetStart;
        uint256 resolutionS;
        int256[] values;
        bytes32 salt;
    }

    struct WideActual {
        bytes32 seriesId;
        uint256 targetStart;
        uint256 resolutionS;
        int256 value;
        uint256 capacity;
        bytes32 salt;
    }

    function forecast() private pure returns (WideForecast memory leaf) {
        leaf = WideForecast(SERIES, START, 900, new int256[](3), bytes32(0));
    }

    function actual() private pure returns (WideActual memory leaf) {
        leaf = WideActual(SERIES, START, 900, 5, CAPACITY, bytes32(0));
    }

    function hashOf(bytes memory encoded) private pure returns (bytes32) {
        return keccak256(abi.encode(keccak256(encoded)));
    }

    /// @dev Both leaves are the roots of their trees, so that nothing but the width can be wrong.
    function isScored(WideForecast memory one, WideActual memory other) private view returns (bool done) {
        bytes32 root =
            hashOf(abi.encode(one.seriesId, one.targetStart, one.resolutionS, one.values, one.salt));
        bytes32 actualRoot = hashOf(abi.encode(other));
        bytes32[] memory none = new bytes32[](0);
        (done,) = address(scorer).staticcall(
            abi.encodeWithSelector(
                IQuantileScorer.scorePeriod.selector, levels(), root, one, none, actualRoot, other, none
            )
        );
        (WideForecast[] memory ones, WideActual[] memory others) = (new WideForecast[](1), new WideActual[](1));
        (ones[0], others[0]) = (one, other);
        IQuantileScorer.MultiProof memory whole;
        (bool many,) = address(scorer).staticcall(
            abi.encodeWithSelector(
                IQuantileScorer.scoreMany.selector, levels(), root, ones, whole, actualRoot, others, whole
            )
        );
        check(many == done, "one and many alike");
    }

    function test_words_that_fit_are_scored() public view {
        check(isScored(forecast(), actual()), "scored");
        WideForecast memory lowest = forecast();
        (lowest.values[0], lowest.values[2]) = (type(int64).min, type(int64).max);
        check(isScored(lowest, actual()), "the ends fit");
    }

    function testFuzz_values_that_are_no_int64_are_not_scored(int256 value, uint256 at) public view {
        WideForecast memory wide = forecast();
        wide.values[at % 3] = value;
        check(isScored(wide, actual()) == (value == int64(value)), "forecast");
        WideActual memory measured = actual();
        measured.value = value;
        check(isScored(forecast(), measured) == (value == int64(value)), "actual");
    }

    function testFuzz_moments_and_capacities_that_are_too_large_are_not_scored(uint256 word) public view {
        (WideForecast memory one, WideActual memory other) = (forecast(), actual());
        (one.targetStart, other.targetStart) = (word, word);
        check(isScored(one, other) == (word <= type(uint64).max), "moment");
        (one, other) = (forecast(), actual());
        (one.resolutionS, other.resolutionS) = (word, word);
        check(isScored(one, other) == (word <= type(uint32).max), "resolution");
        other = actual();
        other.capacity = word;
        check(isScored(forecast(), other) == (word != 0 && word <= type(uint64).max), "capacity");
    }

    function testFuzz_levels_that_are_no_basis_points_are_refused(uint256 level) public view {
        uint256[] memory wide = new uint256[](1);
        wide[0] = level;
        (bool done,) = address(scorer).staticcall(
            abi.encodeWithSelector(IQuantileScorer.score.selector, wide, new int64[](1), int64(0), uint64(1))
        );
        check(done == (level > 0 && level < 10_000), "level");
    }
}
