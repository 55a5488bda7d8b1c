// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Guarded} from "./Guarded.sol";
import {IStakePool} from "./interfaces/IStakePool.sol";

/// @title Which module may move stakes, and which one follows it.
/// @notice A module is replaced later than anybody can leave.
abstract contract SettlementSeat is IStakePool, Guarded {
    /// @inheritdoc IStakePool
    uint64 public immutable unbonding;
    /// @notice Seconds between the proposal of a settlement module and its first day; longer than unbonding.
    uint64 public immutable moduleDelay;

    /// @inheritdoc IStakePool
    address public settlement;
    /// @notice The module that comes next, zero for none.
    address public nextSettlement;
    /// @notice When it may.
    uint64 public nextSettlementAt;

    constructor(IAccessControl operations_, uint64 unbonding_, uint64 moduleDelay_) Guarded(operations_) {
        if (unbonding_ == 0 || moduleDelay_ <= unbonding_) revert BadSetting();
        unbonding = unbonding_;
        moduleDelay = moduleDelay_;
    }

    /// @notice Names the next settlement module, zero to take the proposal back. Only the admin. The first module
    /// comes in at once; a later one after moduleDelay, so that everybody can leave before.
    function proposeSettlement(address module) external onlyRole(ADMIN_ROLE) {
        uint64 readyAt = uint64(block.timestamp) + (settlement == address(0) ? 0 : moduleDelay);
        nextSettlement = module;
        nextSettlementAt = readyAt;
        emit SettlementProposed(module, readyAt);
    }

    /// @notice Puts the proposed module in its place. Only the admin.
    function changeSettlement() external onlyRole(ADMIN_ROLE) {
        address module = nextSettlement;
        if (module == address(0)) revert NotSettlement(module);
        if (block.timestamp < nextSettlementAt) revert NotYet(nextSettlementAt);
        settlement = module;
        nextSettlement = address(0);
        emit SettlementChanged(module);
    }
}
