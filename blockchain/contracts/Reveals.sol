// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Leaves} from "./Leaves.sol";
import {Rounds} from "./Rounds.sol";
import {IForecastRegistry} from "./interfaces/IForecastRegistry.sol";
import {IQuantileScorer} from "./interfaces/IQuantileScorer.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";

/// @title What counts for an authority in a round: proven leaves, scored.
/// @dev Every caller has a tally of its own for every authority, and the best one counts.
abstract contract Reveals is Rounds {
    /// @dev What counts for an authority in a round. `gain` is how much less than the worst score `best` revealed:
    /// ONE for each leaf, less its score; it grows with every leaf, whatever the number of leaves is in the end.
    struct Standing {
        uint32 sealedLeaves;
        uint128 gain;
        address best;
    }

    /// @dev How far one caller's reveal of an authority came.
    struct Progress {
        uint32 revealed;
        uint64 lastTarget;
        uint128 sum;
        bytes32 lastSeries;
    }

    /// @notice What scores are.
    IQuantileScorer public immutable scorer;
    /// @dev The worst score.
    uint256 internal immutable ONE;

    mapping(bytes32 roundAndAuthority => Standing) internal _standings;
    mapping(bytes32 roundAndAuthority => mapping(address caller => Progress)) private _progress;

    constructor(IQuantileScorer scorer_) {
        scorer = scorer_;
        ONE = scorer_.ONE();
    }

    /// @inheritdoc ISettlement
    function countLeaves(
        address authority,
        IForecastRegistry.ForecastBatch calldata batch,
        bytes32[] calldata inner
    ) external {
        _revealing(batch);
        _checkSealed(authority, batch);
        bytes32 root = Leaves.rootOver(inner);
        if (root != batch.root) revert IQuantileScorer.NotUnderRoot(batch.root);
        _count(authority, batch, inner.length);
    }

    /// @inheritdoc ISettlement
    function reveal(
        address authority,
        IForecastRegistry.ForecastBatch calldata batch,
        uint16[] calldata levelsBps,
        IQuantileScorer.ForecastLeaf[] calldata forecasts,
        IQuantileScorer.MultiProof calldata forecastProof,
        IQuantileScorer.ActualLeaf[] calldata actualLeaves,
        IQuantileScorer.MultiProof calldata actualsProof
    ) external {
        bytes32 actualsRoot = _revealing(batch).actualsRoot;
        _checkSealed(authority, batch);
        _checkTerms(batch, keccak256(abi.encode(levelsBps)));
        uint256 sum = scorer.scoreMany(
            levelsBps, batch.root, forecasts, forecastProof, actualsRoot, actualLeaves, actualsProof
        );
        // Without a sibling from elsewhere the leaves given are all that the root stands for.
        _count(authority, batch, forecastProof.proof.length == 0 ? forecasts.length : 0);
        _book(authority, batch, forecasts, sum);
    }

    /// @inheritdoc ISettlement
    function tally(bytes32 productId, uint64 slot, address authority) external view returns (Tally memory) {
        bytes32 key = _key(productId, slot, authority);
        Standing memory standing = _standings[key];
        Progress memory best = _progress[key][standing.best];
        return Tally(best.revealed, standing.sealedLeaves, best.sum, best.lastSeries, best.lastTarget);
    }

    /// @inheritdoc ISettlement
    function scoreOf(bytes32 productId, uint64 slot, address authority) public view returns (uint256) {
        Standing memory standing = _standings[_key(productId, slot, authority)];
        uint256 count = Math.max(_rounds[productId][slot].round.leafCount, standing.sealedLeaves);
        return count == 0 ? ONE : (count * ONE - standing.gain) / count;
    }

    function _checkSealed(address authority, IForecastRegistry.ForecastBatch calldata batch) private view {
        bytes32 recorded = registry.record(authority, batch.productId, batch.slot);
        bytes32 given = registry.hashBatch(batch);
        if (recorded != given) revert NotTheSealedBatch(recorded, given);
    }

    /// @dev That everybody in the round answers the same question by the same time.
    function _checkTerms(IForecastRegistry.ForecastBatch calldata batch, bytes32 levelsHash) private view {
        Terms memory terms = termsOf(batch.productId, batch.slot);
        if (batch.levelsHash != terms.levelsHash) revert WrongLevels(terms.levelsHash, batch.levelsHash);
        if (levelsHash != terms.levelsHash) revert WrongLevels(terms.levelsHash, levelsHash);
        uint64 latest = batch.slot + terms.gateWindow;
        if (batch.gateClosure > latest) revert GateTooLate(latest, batch.gateClosure);
    }

    /// @param proven How many leaves the root is proven to stand for, zero if this call did not prove it.
    function _count(address authority, IForecastRegistry.ForecastBatch calldata batch, uint256 proven) private {
        Standing storage standing = _standings[_key(batch.productId, batch.slot, authority)];
        if (standing.sealedLeaves != 0) return;
        if (proven == 0) revert NotCounted(batch.root);
        standing.sealedLeaves = SafeCast.toUint32(proven);
    }

    /// @dev Adds what is proven and scored to the caller's tally, and takes that if it is the best so far.
    function _book(
        address authority,
        IForecastRegistry.ForecastBatch calldata batch,
        IQuantileScorer.ForecastLeaf[] calldata forecasts,
        uint256 sum
    ) private {
        bytes32 key = _key(batch.productId, batch.slot, authority);
        Progress storage progress = _progress[key][msg.sender];
        uint256 revealed = progress.revealed + forecasts.length;
        uint256 measured = _rounds[batch.productId][batch.slot].round.leafCount;
        if (revealed > measured) revert TooManyLeaves(revealed, measured);
        _follow(progress, forecasts, batch.gateClosure);

        sum += progress.sum;
        progress.revealed = uint32(revealed);
        progress.sum = SafeCast.toUint128(sum);
        uint256 gain = revealed * ONE - sum;
        Standing storage standing = _standings[key];
        if (gain > standing.gain) {
            standing.gain = SafeCast.toUint128(gain);
            standing.best = msg.sender;
        }
        emit Revealed(batch.productId, batch.slot, authority, uint32(revealed), sum);
    }

    /// @dev Each leaf after the one before it, and none of a period that could have begun when it was sealed.
    function _follow(
        Progress storage progress,
        IQuantileScorer.ForecastLeaf[] calldata forecasts,
        uint64 gateClosure
    ) private {
        bytes32 series = progress.lastSeries;
        uint64 target = progress.lastTarget;
        for (uint256 i; i < forecasts.length; ++i) {
            bytes32 nextSeries = forecasts[i].seriesId;
            uint64 nextTarget = forecasts[i].targetStart;
            if (nextSeries < series || (nextSeries == series && nextTarget <= target)) revert OutOfOrder(i);
            if (nextTarget < gateClosure) revert AfterTheFact(nextTarget, gateClosure);
            (series, target) = (nextSeries, nextTarget);
        }
        progress.lastSeries = series;
        progress.lastTarget = target;
    }

    function _key(bytes32 productId, uint64 slot, address authority) internal pure returns (bytes32) {
        return keccak256(abi.encode(productId, slot, authority));
    }
}
