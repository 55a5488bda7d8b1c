// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Backing} from "./Backing.sol";
import {SettlementSeat} from "./SettlementSeat.sol";
import {StakeMath} from "./StakeMath.sol";
import {Treasury} from "./Treasury.sol";
import {IStakePool} from "./interfaces/IStakePool.sol";

/// @title Stakes behind forecasting authorities.
/// @notice Nobody but the owner of a stake can take it out; the settlement module can only move it between stakes
/// and the treasury, the admin can only spend the treasury and replace the module, later than anybody can leave.
/// @dev Tokens that someone sends without a call are nobody's and stay.
contract StakePool is Backing {
    constructor(IAccessControl operations_, IERC20 token_, uint64 unbonding_, uint64 moduleDelay_)
        SettlementSeat(operations_, unbonding_, moduleDelay_)
        Treasury(token_)
    {}

    /// @inheritdoc IStakePool
    function redistribute(
        address[] calldata from,
        uint256[] calldata taken,
        address[] calldata to,
        uint256[] calldata given
    ) external nonReentrant returns (uint256 takenSum, uint256 givenSum) {
        if (msg.sender != settlement) revert NotSettlement(msg.sender);
        if (from.length != taken.length || to.length != given.length) revert WrongLengths();
        uint256 asked;
        for (uint256 i; i < from.length; ++i) {
            asked += taken[i];
            takenSum += _slash(from[i], taken[i]);
        }
        uint256 promised;
        for (uint256 i; i < to.length; ++i) {
            promised += given[i];
        }
        if (promised > asked) revert NotCovered(asked, promised);
        for (uint256 i; i < to.length; ++i) {
            uint256 amount = promised > takenSum ? Math.mulDiv(given[i], takenSum, promised) : given[i];
            givenSum += _reward(to[i], amount);
        }
        _growTreasury(takenSum - givenSum);
    }

    function _slash(address authority, uint256 amount) private returns (uint256) {
        uint256 active = _active[authority].stake;
        uint256 leaving = _leaving[authority].stake;
        amount = Math.min(amount, active + leaving);
        if (amount == 0) return 0;
        (uint256 fromActive, uint256 fromLeaving) = StakeMath.split(amount, active, leaving);
        _shrink(_active[authority], fromActive);
        _shrink(_leaving[authority], fromLeaving);
        _remember(authority);
        emit Slashed(authority, amount);
        return amount;
    }

    function _shrink(StakeMath.Bucket storage bucket, uint256 amount) private {
        bucket.stake -= amount;
        if (bucket.stake == 0 && bucket.shares != 0) {
            bucket.shares = 0;
            ++bucket.epoch;
        }
    }

    function _reward(address authority, uint256 amount) private returns (uint256) {
        if (amount == 0 || _active[authority].shares == 0) return 0;
        _active[authority].stake += amount;
        _remember(authority);
        emit Rewarded(authority, amount);
        return amount;
    }
}
