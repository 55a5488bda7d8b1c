// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Reveals} from "./Reveals.sol";
import {Rounds} from "./Rounds.sol";
import {StakeMath} from "./StakeMath.sol";
import {IActualsRegistry} from "./interfaces/IActualsRegistry.sol";
import {IForecastRegistry} from "./interfaces/IForecastRegistry.sol";
import {IOperations} from "./interfaces/IOperations.sol";
import {IQuantileScorer} from "./interfaces/IQuantileScorer.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {IStakePool} from "./interfaces/IStakePool.sol";

/// @title From final actuals to money, with nobody's permission.
/// @dev Holds no token: all it can do is to tell the pool what to move. Another module can follow it.
contract Settlement is Reveals {
    constructor(
        IOperations operations_,
        IForecastRegistry registry_,
        IStakePool pool_,
        IActualsRegistry actuals_,
        IQuantileScorer scorer_
    ) Rounds(operations_, registry_, pool_, actuals_) Reveals(scorer_) {}

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
}
