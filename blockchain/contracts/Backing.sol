// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {StakeMath} from "./StakeMath.sol";
import {Treasury} from "./Treasury.sol";
import {IStakePool} from "./interfaces/IStakePool.sol";

/// @title Shares of the stake behind an authority, on their way in and out.
/// @notice Nobody but the owner of a share can take it out.
abstract contract Backing is Treasury {
    using SafeERC20 for IERC20;
    using StakeMath for StakeMath.Bucket;
    using Checkpoints for Checkpoints.Trace208;

    /// @notice Something on its way out: shares of what is leaving from an authority.
    struct Request {
        address account;
        uint64 readyAt;
        address authority;
        uint256 shares;
        uint256 epoch;
    }

    /// @notice Number of requests so far; the last one has this number.
    uint256 public requestCount;
    /// @notice Whether an authority lets an account back it.
    mapping(address authority => mapping(address account => bool)) public admitted;

    mapping(address authority => StakeMath.Bucket) internal _active;
    mapping(address authority => StakeMath.Bucket) internal _leaving;
    mapping(address authority => Checkpoints.Trace208) private _history;
    mapping(address authority => mapping(uint256 epoch => mapping(address account => uint256))) private _shares;
    mapping(uint256 requestId => Request) private _requests;

    /// @inheritdoc IStakePool
    function admit(address account, bool admitted_) external {
        admitted[msg.sender][account] = admitted_;
        emit Admitted(msg.sender, account, admitted_);
    }

    /// @inheritdoc IStakePool
    function deposit(address authority, uint256 amount)
        external
        nonReentrant
        whenNotPaused
        returns (uint256 shares)
    {
        if (msg.sender != authority && !admitted[authority][msg.sender]) revert NotAdmitted(authority, msg.sender);
        uint256 arrived = _take(amount);
        StakeMath.Bucket storage bucket = _active[authority];
        shares = bucket.sharesFor(arrived);
        if (shares == 0) revert TooLittle();
        bucket.stake += arrived;
        bucket.shares += shares;
        _shares[authority][bucket.epoch][msg.sender] += shares;
        _remember(authority);
        emit Deposited(authority, msg.sender, arrived, shares);
    }

    /// @inheritdoc IStakePool
    function startUnbonding(address authority, uint256 shares) external nonReentrant returns (uint256 requestId) {
        StakeMath.Bucket storage active = _active[authority];
        StakeMath.Bucket storage leaving = _leaving[authority];
        mapping(address => uint256) storage held = _shares[authority][active.epoch];
        uint256 amount = active.worth(shares);
        uint256 minted = leaving.sharesFor(amount);
        if (minted == 0 || shares > held[msg.sender]) revert TooLittle();

        held[msg.sender] -= shares;
        active.shares -= shares;
        active.stake -= amount;
        leaving.shares += minted;
        leaving.stake += amount;
        _remember(authority);

        requestId = ++requestCount;
        uint64 readyAt = uint64(block.timestamp) + unbonding;
        _requests[requestId] = Request(msg.sender, readyAt, authority, minted, leaving.epoch);
        emit UnbondingStarted(requestId, authority, msg.sender, shares, readyAt);
    }

    /// @inheritdoc IStakePool
    function withdraw(uint256 requestId) external nonReentrant returns (uint256 amount) {
        Request memory request = _requests[requestId];
        if (request.account != msg.sender) revert NoSuchRequest(requestId);
        if (block.timestamp < request.readyAt) revert NotYet(request.readyAt);
        delete _requests[requestId];

        StakeMath.Bucket storage leaving = _leaving[request.authority];
        if (request.epoch == leaving.epoch) {
            amount = leaving.worth(request.shares);
            leaving.shares -= request.shares;
            leaving.stake -= amount;
        }
        emit Withdrawn(requestId, msg.sender, amount);
        if (amount != 0) token.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IStakePool
    function stakeOf(address authority) external view returns (uint256) {
        return _active[authority].stake + _leaving[authority].stake;
    }

    /// @inheritdoc IStakePool
    function activeOf(address authority) external view returns (uint256) {
        return _active[authority].stake;
    }

    /// @inheritdoc IStakePool
    function activeAt(address authority, uint64 moment) external view returns (uint256) {
        return _history[authority].upperLookupRecent(SafeCast.toUint48(moment));
    }

    /// @inheritdoc IStakePool
    function sharesOf(address authority, address account) public view returns (uint256) {
        return _shares[authority][_active[authority].epoch][account];
    }

    /// @inheritdoc IStakePool
    function worthOf(address authority, address account) external view returns (uint256) {
        return _active[authority].worth(sharesOf(authority, account));
    }

    /// @notice A request, and what it is worth now. All zero after it was paid out.
    function requestOf(uint256 requestId) external view returns (Request memory request, uint256 amount) {
        request = _requests[requestId];
        StakeMath.Bucket memory leaving = _leaving[request.authority];
        if (request.epoch == leaving.epoch) amount = leaving.worth(request.shares);
    }

    function _remember(address authority) internal {
        // slither-disable-next-line unused-return
        _history[authority].push(SafeCast.toUint48(block.timestamp), SafeCast.toUint208(_active[authority].stake));
    }
}
