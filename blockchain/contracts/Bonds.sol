// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Guarded} from "./Guarded.sol";
import {IActualsRegistry} from "./interfaces/IActualsRegistry.sol";
import {IStakePool} from "./interfaces/IStakePool.sol";

/// @title Bonds of who proposes and of who doubts.
/// @notice Whoever is owed something fetches it; no ruling waits for a token to move.
/// @dev Balance of the token == bonds of open versions + owed + treasuryDue, at any time.
abstract contract Bonds is IActualsRegistry, Guarded, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice The token of bonds.
    IERC20 public immutable token;
    /// @notice Where halves of lost bonds go.
    IStakePool public immutable pool;
    /// @inheritdoc IActualsRegistry
    uint256 public immutable bondAmount;

    /// @inheritdoc IActualsRegistry
    uint256 public treasuryDue;
    /// @inheritdoc IActualsRegistry
    mapping(address account => uint256) public owed;

    constructor(IERC20 token_, IStakePool pool_, uint256 bondAmount_) {
        bool placed = address(token_).code.length != 0 && address(pool_).code.length != 0;
        if (!placed || bondAmount_ == 0) revert BadSetting();
        token = token_;
        pool = pool_;
        bondAmount = bondAmount_;
    }

    /// @inheritdoc IActualsRegistry
    function withdraw() external nonReentrant returns (uint256 amount) {
        amount = owed[msg.sender];
        owed[msg.sender] = 0;
        emit Withdrawn(msg.sender, amount);
        token.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IActualsRegistry
    function payTreasury() external nonReentrant returns (uint256 amount) {
        amount = treasuryDue;
        treasuryDue = 0;
        emit TreasuryPaid(amount);
        token.forceApprove(address(pool), amount);
        pool.fundTreasury(amount);
    }

    function _takeBond(uint256 least) internal returns (uint256 arrived) {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), bondAmount);
        arrived = token.balanceOf(address(this)) - before;
        if (arrived < least) revert BondTooSmall(least, arrived);
    }

    /// @dev Half of what is lost is nobody's gain: who disputes itself to win time pays for it.
    function _payWinner(address winner, uint256 bond) internal {
        uint256 won = bond / 2;
        owed[winner] += bond + won;
        treasuryDue += bond - won;
    }

    function _payBack(Actuals storage version) internal {
        owed[version.provider] += version.bond;
        owed[version.challenger] += version.bond;
    }
}
