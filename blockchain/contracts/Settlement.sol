// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Memberships} from "./Memberships.sol";
import {StakeMath} from "./StakeMath.sol";
import {IActualsRegistry} from "./interfaces/IActualsRegistry.sol";
import {IForecastRegistry} from "./interfaces/IForecastRegistry.sol";
import {IOperations} from "./interfaces/IOperations.sol";
import {IQuantileScorer} from "./interfaces/IQuantileScorer.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {IStakePool} from "./interfaces/IStakePool.sol";

/// @title From final actuals to money, with nobody's permission.
/// @dev Holds no token: all it can do is to tell the pool what to move. Another module can follow it.
contract Settlement is Memberships {
    /// @dev A round, and the root that its reveals answer to.
    struct Opened {
        Round round;
        bytes32 actualsRoot;
    }

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

    /// @notice Where measured values are.
    IActualsRegistry public immutable actuals;
    /// @notice What scores are.
    IQuantileScorer public immutable scorer;
    uint256 private immutable ONE;

    mapping(bytes32 productId => mapping(uint64 slot => Opened)) private _rounds;
    mapping(bytes32 productId => mapping(uint64 slot => address[])) private _players;
    mapping(bytes32 roundAndAuthority => Standing) private _standings;
    mapping(bytes32 roundAndAuthority => mapping(address caller => Progress)) private _progress;

    constructor(
        IOperations operations_,
        IForecastRegistry registry_,
        IStakePool pool_,
        IActualsRegistry actuals_,
        IQuantileScorer scorer_
    ) Memberships(operations_, registry_, pool_) {
        if (address(actuals_).code.length == 0) revert BadSetting();
        actuals = actuals_;
        scorer = scorer_;
        ONE = scorer_.ONE();
    }

    /// @inheritdoc ISettlement
    function open(bytes32 productId, uint64 slot) external {
        Opened storage opened = _rounds[productId][slot];
        if (opened.round.state != RoundState.None) revert WrongState(opened.round.state);
        Terms memory terms = termsOf(productId, slot);
        // Before the last gate a batch could still be replaced after it was seen what it is compared with.
        if (block.timestamp < slot + terms.gateWindow) revert Deadline(slot + terms.gateWindow);
        uint32 version = actuals.latestFinal(productId, slot);
        if (version == 0) revert NoActuals(productId, slot);
        uint64 deadline = uint64(block.timestamp) + terms.revealWindow;
        uint64 lastExit = slot + pool.unbonding();
        if (deadline + terms.revealWindow > lastExit) revert Deadline(lastExit);

        IActualsRegistry.Actuals memory measured = actuals.actuals(productId, slot, version);
        opened.round = Round(RoundState.Revealing, version, measured.leafCount, deadline);
        opened.actualsRoot = measured.root;
        _players[productId][slot] = _membersAt(productId, slot);
        emit RoundOpened(productId, slot, version, deadline);
    }

    /// @inheritdoc ISettlement
    function countLeaves(
        address authority,
        IForecastRegistry.ForecastBatch calldata batch,
        bytes32[] calldata inner
    ) external {
        _revealing(batch);
        _checkSealed(authority, batch);
        bytes32 root = _rootOver(inner);
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
    function settle(bytes32 productId, uint64 slot) external {
        Round storage current = _rounds[productId][slot].round;
        if (current.state != RoundState.Revealing) revert WrongState(current.state);
        if (block.timestamp < current.deadline) revert Deadline(current.deadline);

        Terms memory terms = termsOf(productId, slot);
        if (_standings[_key(productId, slot, terms.benchmark)].gain == 0) {
            current.state = RoundState.Neutral;
            emit RoundNeutral(productId, slot);
            return;
        }
        current.state = RoundState.Settled;
        uint256 benchmark = scoreOf(productId, slot, terms.benchmark);
        emit Scored(productId, slot, terms.benchmark, benchmark);

        address[] memory players = _players[productId][slot];
        (uint256[] memory taken, uint256[] memory given) = _shareOut(productId, slot, players, terms, benchmark);
        (uint256 takenSum, uint256 givenSum) = pool.redistribute(players, taken, players, given);
        emit Settled(productId, slot, takenSum, givenSum);
    }

    /// @inheritdoc ISettlement
    function round(bytes32 productId, uint64 slot) external view returns (Round memory) {
        return _rounds[productId][slot].round;
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

    /// @inheritdoc ISettlement
    /// @dev Fixed when the round is opened; before that, as the memberships are now.
    function participants(bytes32 productId, uint64 slot) external view returns (address[] memory) {
        bool opened = _rounds[productId][slot].round.state != RoundState.None;
        return opened ? _players[productId][slot] : _membersAt(productId, slot);
    }

    /// @dev What to take from whom and to give to whom. The sum given is at most the sum taken.
    function _shareOut(
        bytes32 productId,
        uint64 slot,
        address[] memory players,
        Terms memory terms,
        uint256 benchmark
    ) private returns (uint256[] memory taken, uint256[] memory given) {
        taken = new uint256[](players.length);
        given = new uint256[](players.length);
        uint256 takenSum;
        uint256 meritSum;
        for (uint256 i; i < players.length; ++i) {
            (taken[i], given[i]) = _weigh(productId, slot, players[i], terms, benchmark);
            takenSum += taken[i];
            meritSum += given[i];
        }
        for (uint256 i; i < players.length; ++i) {
            if (given[i] != 0) given[i] = Math.mulDiv(takenSum, given[i], meritSum);
        }
    }

    /// @dev What one authority loses, or by what it takes part in rewards; never both.
    function _weigh(bytes32 productId, uint64 slot, address player, Terms memory terms, uint256 benchmark)
        private
        returns (uint256 penalty, uint256 merit)
    {
        uint256 score = scoreOf(productId, slot, player);
        emit Scored(productId, slot, player, score);
        uint256 before = pool.activeAt(player, slot - 1);
        penalty = StakeMath.penalty(
            Math.min(before, pool.stakeOf(player)),
            score,
            benchmark + terms.threshold,
            terms.slopeBps,
            terms.capBps,
            ONE
        );
        merit = StakeMath.merit(Math.min(before, pool.activeOf(player)), score, benchmark);
    }

    function _revealing(IForecastRegistry.ForecastBatch calldata batch) private view returns (Opened storage opened) {
        opened = _rounds[batch.productId][batch.slot];
        if (opened.round.state != RoundState.Revealing) revert WrongState(opened.round.state);
        if (block.timestamp >= opened.round.deadline) revert Deadline(opened.round.deadline);
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

    /// @dev Root of the tree over the leaves that `inner` hashes to, in the order of OpenZeppelin's multiproof.
    function _rootOver(bytes32[] calldata inner) private pure returns (bytes32) {
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

    function _key(bytes32 productId, uint64 slot, address authority) private pure returns (bytes32) {
        return keccak256(abi.encode(productId, slot, authority));
    }
}
