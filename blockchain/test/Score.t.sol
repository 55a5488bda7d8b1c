// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IQuantileScorer} from "../contracts/interfaces/IQuantileScorer.sol";
import {ScorerFixture} from "./ScorerFixture.sol";
import {vm} from "./support/Vm.sol";

/// @dev The number itself: bounds, rounding and direction, over all values that fit.
contract ScoreTest is ScorerFixture {
    function asWritten(uint16[] memory bps, int64[] memory values, int64 actual, uint64 capacity)
        private
        pure
        returns (uint256)
    {
        int256 loss; // the rule as it is written down, in checked arithmetic
        for (uint256 i; i < bps.length; ++i) {
            int256 level = int256(uint256(bps[i]));
            loss += actual >= values[i]
                ? level * (int256(actual) - int256(values[i]))
                : (10_000 - level) * (int256(values[i]) - int256(actual));
        }
        uint256 worth = 2 * uint256(loss) * 1e18 / (bps.length * 10_000 * uint256(capacity));
        return worth > 1e18 ? 1e18 : worth;
    }

    function testFuzz_the_score_is_the_rule_over_all_values(int64 a, int64 b, int64 c, int64 actual, uint64 capacity)
        public
        view
    {
        vm.assume(capacity != 0);
        uint256 worth = scorer.score(levels(), threeValues(a, b, c), actual, capacity);
        check(worth == asWritten(levels(), threeValues(a, b, c), actual, capacity), "the rule");
        check(worth <= scorer.ONE(), "at most one");
    }

    function testFuzz_a_forecast_that_hits_scores_zero(int64 actual, uint64 capacity) public view {
        vm.assume(capacity != 0);
        check(scorer.score(levels(), threeValues(actual, actual, actual), actual, capacity) == 0, "zero");
    }

    function testFuzz_a_value_further_away_is_never_better(int64 actual, int64 near, int64 far, uint64 capacity)
        public
        view
    {
        vm.assume(capacity != 0);
        if (near >= actual != far >= actual) return;
        if (near >= actual ? far < near : far > near) (near, far) = (far, near);
        uint256 better = scorer.score(levels(), threeValues(near, near, near), actual, capacity);
        check(better <= scorer.score(levels(), threeValues(far, far, far), actual, capacity), "not better");
    }

    function testFuzz_the_median_of_a_level_is_weighed_evenly(int64 actual, uint32 miss, uint64 capacity) public view {
        vm.assume(capacity != 0 && actual > type(int64).min + int64(uint64(miss)));
        vm.assume(actual < type(int64).max - int64(uint64(miss)));
        uint16[] memory median = new uint16[](1);
        median[0] = 5000;
        int64[] memory value = new int64[](1);
        value[0] = actual - int64(uint64(miss));
        uint256 below = scorer.score(median, value, actual, capacity);
        value[0] = actual + int64(uint64(miss));
        check(below == scorer.score(median, value, actual, capacity), "evenly");
    }

    function test_levels_must_ascend_between_the_ends() public {
        uint16[3][5] memory bad =
            [[uint16(0), 1, 2], [uint16(1), 1, 2], [uint16(3), 2, 4], [uint16(1), 2, 10_000], [uint16(5), 9, 9]];
        for (uint256 i; i < bad.length; ++i) {
            uint16[] memory bps = levels();
            (bps[0], bps[1], bps[2]) = (bad[i][0], bad[i][1], bad[i][2]);
            vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.BadLevels.selector));
            scorer.score(bps, threeValues(1, 2, 3), 0, 1);
        }
        uint16[] memory edge = levels();
        (edge[0], edge[2]) = (1, 9999);
        check(scorer.score(edge, threeValues(0, 0, 0), 0, 1) == 0, "the ends themselves are levels");
    }

    function test_there_are_as_many_values_as_levels_and_at_least_one() public {
        vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.WrongLevelCount.selector, 3, 2));
        scorer.score(levels(), new int64[](2), 0, 1);
        vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.WrongLevelCount.selector, 0, 0));
        scorer.score(new uint16[](0), new int64[](0), 0, 1);
    }

    function test_without_capacity_there_is_no_score() public {
        vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.NoCapacity.selector, bytes32(0)));
        scorer.score(levels(), threeValues(1, 2, 3), 0, 0);
    }
}
