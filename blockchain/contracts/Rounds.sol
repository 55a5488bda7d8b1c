// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Memberships} from "./Memberships.sol";
import {IActualsRegistry} from "./interfaces/IActualsRegistry.sol";
import {IForecastRegistry} from "./interfaces/IForecastRegistry.sol";
import {IOperations} from "./interfaces/IOperations.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {IStakePool} from "./interfaces/IStakePool.sol";

/// @title When the round of a slot begins, and who is in it.
/// @dev A round is opened once; from then on its actuals, its players and its deadline are fixed.
abstract contract Rounds is Memberships {
    /// @dev A round, and the root that its reveals answer to.
    struct Opened {
        Round round;
        bytes32 actualsRoot;
    }

    /// @notice Where measured values are.
    IActualsRegistry public immutable actuals;

    mapping(bytes32 productId => mapping(uint64 slot => Opened)) internal _rounds;
    mapping(bytes32 productId => mapping(uint64 slot => address[])) internal _players;

    constructor(
        IOperations operations_,
        IForecastRegistry registry_,
        IStakePool pool_,
        IActualsRegistry actuals_
    ) Memberships(operations_, registry_, pool_) {
        if (address(actuals_).code.length == 0) revert BadSetting();
        actuals = actuals_;
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
    function round(bytes32 productId, uint64 slot) external view returns (Round memory) {
        return _rounds[productId][slot].round;
    }

    /// @inheritdoc ISettlement
    /// @dev Fixed when the round is opened; before that, as the memberships are now.
    function participants(bytes32 productId, uint64 slot) external view returns (address[] memory) {
        bool opened = _rounds[productId][slot].round.state != RoundState.None;
        return opened ? _players[productId][slot] : _membersAt(productId, slot);
    }

    function _revealing(IForecastRegistry.ForecastBatch calldata batch) internal view returns (Opened storage opened) {
        opened = _rounds[batch.productId][batch.slot];
        if (opened.round.state != RoundState.Revealing) revert WrongState(opened.round.state);
        if (block.timestamp >= opened.round.deadline) revert Deadline(opened.round.deadline);
    }
}
