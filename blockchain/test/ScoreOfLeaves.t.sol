// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IQuantileScorer} from "../contracts/interfaces/IQuantileScorer.sol";
import {ScorerFixture} from "./ScorerFixture.sol";
import {vm} from "./support/Vm.sol";

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
        vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.BadLevels.selector));
        scorer.scoreMany(bad, root, forecasts(), all(), actualRoot, actuals(), all());
        bytes32[] memory proof = only(forecastHash(forecasts()[1]));
        bytes32[] memory actualProof = only(scorer.actualLeafHash(actuals()[1]));
        vm.expectRevert(abi.encodeWithSelector(IQuantileScorer.BadLevels.selector));
        scorer.scorePeriod(bad, root, forecasts()[0], proof, actualRoot, actuals()[0], actualProof);
    }

    function test_a_proof_of_another_number_of_leaves_is_refused() public {
        IQuantileScorer.MultiProof memory short;
        (bytes32 root, bytes32 actualRoot) = (forecastRoot(), actualsRoot());
        vm.expectRevert(abi.encodeWithSelector(MerkleProof.MerkleProofInvalidMultiproof.selector));
        scorer.scoreMany(levels(), root, forecasts(), short, actualRoot, actuals(), all());
    }
}
