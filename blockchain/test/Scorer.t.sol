// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {QuantileScorer} from "../contracts/QuantileScorer.sol";
import {IQuantileScorer} from "../contracts/interfaces/IQuantileScorer.sol";
import {vm} from "./support/Vm.sol";

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

/// @dev A score counts only for what was sealed and what was measured.
contract ScoreOfLeavesTest is ScorerFixture {
    function one(uint256 i) private view returns (uint256) {
        return scorer.score(levels(), forecasts()[i].valuesMilli, actuals()[i].valueMilli, CAPACITY);
    }

    function test_one_period_scores_what_its_values_score() public view {
        uint256 worth = scorer.scorePeriod(
            levels(),
            forecastRoot(),
            forecasts()[0],
            only(forecastHash(forecasts()[1])),
            actualsRoot(),
            actuals()[0],
            only(scorer.actualLeafHash(actuals()[1]))
        );
        check(worth == one(0) && worth != 0, "the same score");
    }

    function test_many_periods_score_their_sum() public view {
        uint256 sum =
            scorer.scoreMany(levels(), forecastRoot(), forecasts(), all(), actualsRoot(), actuals(), all());
        check(sum == one(0) + one(1), "sum");
    }

    function test_a_part_of_the_leaves_scores_with_the_rest_as_proof() public view {
        IQuantileScorer.ForecastLeaf[] memory opened = new IQuantileScorer.ForecastLeaf[](1);
        IQuantileScorer.ActualLeaf[] memory answered = new IQuantileScorer.ActualLeaf[](1);
        (opened[0], answered[0]) = (forecasts()[1], actuals()[1]);
        IQuantileScorer.MultiProof memory rest;
        IQuantileScorer.MultiProof memory actualRest;
        (rest.flags, actualRest.flags) = (new bool[](1), new bool[](1));
        rest.proof = only(forecastHash(forecasts()[0]));
        actualRest.proof = only(scorer.actualLeafHash(actuals()[0]));
        uint256 sum =
            scorer.scoreMany(levels(), forecastRoot(), opened, rest, actualsRoot(), answered, actualRest);
        check(sum == one(1), "the one");
    }

    function testFuzz_a_value_that_was_not_sealed_is_refused(int64 value, uint256 at) public {
        IQuantileScorer.ForecastLeaf[] memory opened = forecasts();
        vm.assume(value != opened[at % 2].valuesMilli[at % 3]);
        opened[at % 2].valuesMilli[at % 3] = value;
        bytes32 root = forecastRoot();
        bytes32 actualRoot = actualsRoot();
        vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.NotUnderRoot.selector, root));
        scorer.scoreMany(levels(), root, opened, all(), actualRoot, actuals(), all());
        if (at % 2 != 0) return;
        bytes32[] memory actualProof = only(scorer.actualLeafHash(actuals()[1]));
        vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.NotUnderRoot.selector, root));
        scorer.scorePeriod(
            levels(), root, opened[0], only(forecastHash(opened[1])), actualRoot, actuals()[0], actualProof
        );
    }

    function testFuzz_a_value_that_was_not_measured_is_refused(int64 value, uint64 capacity) public {
        IQuantileScorer.ActualLeaf[] memory answered = actuals();
        vm.assume(capacity != 0 && (value != answered[0].valueMilli || capacity != CAPACITY));
        (answered[0].valueMilli, answered[0].capacityMilli) = (value, capacity);
        (bytes32 root, bytes32 actualRoot) = (forecastRoot(), actualsRoot());
        vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.NotUnderRoot.selector, actualRoot));
        scorer.scoreMany(levels(), root, forecasts(), all(), actualRoot, answered, all());
        bytes32[] memory actualProof = only(scorer.actualLeafHash(answered[1]));
        bytes32[] memory proof = only(forecastHash(forecasts()[1]));
        vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.NotUnderRoot.selector, actualRoot));
        scorer.scorePeriod(levels(), root, forecasts()[0], proof, actualRoot, answered[0], actualProof);
    }

    function test_a_forecast_is_not_paired_with_the_outcome_of_another_period() public {
        (bytes32 root, bytes32 actualRoot) = (forecastRoot(), actualsRoot());
        IQuantileScorer.ActualLeaf[] memory turned = actuals();
        (turned[0], turned[1]) = (turned[1], turned[0]);
        vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.LeavesDoNotMatch.selector, 0));
        scorer.scoreMany(levels(), root, forecasts(), all(), actualRoot, turned, all());
        for (uint256 field; field < 3; ++field) {
            IQuantileScorer.ActualLeaf[] memory other = actuals();
            if (field == 0) other[1].seriesId = keccak256("home-02/net");
            if (field == 1) other[1].targetStart += 900;
            if (field == 2) other[1].resolutionS = 3600;
            vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.LeavesDoNotMatch.selector, 1));
            scorer.scoreMany(levels(), root, forecasts(), all(), actualRoot, other, all());
        }
    }

    function test_the_lists_have_one_length_and_are_not_empty() public {
        IQuantileScorer.MultiProof memory root;
        root.proof = only(forecastRoot()); // no leaf, and the root as its own proof
        vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.LeavesDoNotMatch.selector, 0));
        scorer.scoreMany(
            levels(),
            root.proof[0],
            new IQuantileScorer.ForecastLeaf[](0),
            root,
            root.proof[0],
            new IQuantileScorer.ActualLeaf[](0),
            root
        );
        IQuantileScorer.ActualLeaf[] memory fewer = new IQuantileScorer.ActualLeaf[](1);
        fewer[0] = actuals()[0];
        vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.LeavesDoNotMatch.selector, 1));
        scorer.scoreMany(levels(), root.proof[0], forecasts(), all(), root.proof[0], fewer, all());
        IQuantileScorer.ForecastLeaf[] memory first = new IQuantileScorer.ForecastLeaf[](1);
        first[0] = forecasts()[0];
        vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.LeavesDoNotMatch.selector, 1));
        scorer.scoreMany(levels(), root.proof[0], first, all(), root.proof[0], actuals(), all());
    }

    function test_a_series_without_capacity_is_named() public {
        IQuantileScorer.ActualLeaf[] memory answered = actuals();
        answered[1].capacityMilli = 0;
        (bytes32 root, bytes32 actualRoot) = (forecastRoot(), actualsRoot());
        vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.NoCapacity.selector, SERIES));
        scorer.scoreMany(levels(), root, forecasts(), all(), actualRoot, answered, all());
    }

    function test_levels_are_checked_for_leaves_too() public {
        uint16[] memory bad = levels();
        bad[0] = 0;
        (bytes32 root, bytes32 actualRoot) = (forecastRoot(), actualsRoot());
        bytes32[] memory none = new bytes32[](0);
        vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.BadLevels.selector));
        scorer.scoreMany(bad, root, forecasts(), all(), actualRoot, actuals(), all());
        vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.BadLevels.selector));
        scorer.scorePeriod(bad, root, forecasts()[0], none, actualRoot, actuals()[0], none);
    }

    function test_a_proof_of_another_number_of_leaves_is_refused() public {
        IQuantileScorer.MultiProof memory short;
        (bytes32 root, bytes32 actualRoot) = (forecastRoot(), actualsRoot());
        vm.expectRevert(abi.encodeWithSelector(MerkleProof.MerkleProofInvalidMultiproof.selector));
        scorer.scoreMany(levels(), root, forecasts(), short, actualRoot, actuals(), all());
    }
}
