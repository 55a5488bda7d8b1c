// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SettlementSeat} from "./SettlementSeat.sol";
import {IStakePool} from "./interfaces/IStakePool.sol";

/// @title The pool's token, and what of it is nobody's stake.
/// @notice Only the admin spends it: lost bonds, rounding, rewards without a taker.
abstract contract Treasury is SettlementSeat, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice The token of all stakes.
    IERC20 public immutable token;

    /// @inheritdoc IStakePool
    uint256 public treasury;

    constructor(IERC20 token_) {
        if (address(token_).code.length == 0) revert BadSetting();
        token = token_;
    }

    /// @inheritdoc IStakePool
    function fundTreasury(uint256 amount) external nonReentrant {
        _growTreasury(_take(amount));
    }

    /// @notice Pays out of the treasury. Only the admin.
    function spendTreasury(address to, uint256 amount) external nonReentrant onlyRole(ADMIN_ROLE) {
        treasury -= amount;
        emit TreasurySpent(to, amount);
        token.safeTransfer(to, amount);
    }

    function _take(uint256 amount) internal returns (uint256 arrived) {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        arrived = token.balanceOf(address(this)) - before;
        if (arrived == 0) revert TooLittle();
    }

    function _growTreasury(uint256 amount) internal {
        if (amount == 0) return;
        treasury += amount;
        emit TreasuryGrew(amount);
    }
}
