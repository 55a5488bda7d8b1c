// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {Guarded} from "./Guarded.sol";
import {StakeMath} from "./StakeMath.sol";
import {IStakePool} from "./interfaces/IStakePool.sol";

/// @title Stakes behind forecasting authorities.
/// @notice Nobody but the owner of a stake can take it out; the settlement module can only move it between stakes
/// and the treasury, the admin can only spend the treasury and replace the module, later than anybody can leave.
/// @dev Tokens that someone sends without a call are nobody's and stay.
contract StakePool is IStakePool, Guarded, ReentrancyGuardTransient {
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

    /// @notice The token of all stakes.
    IERC20 public immutable token;
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
    /// @inheritdoc IStakePool
    uint256 public treasury;
    /// @notice Number of requests so far; the last one has this number.
    uint256 public requestCount;
    /// @notice Whether an authority lets an account back it.
    mapping(address authority => mapping(address account => bool)) public admitted;

    mapping(address authority => StakeMath.Bucket) private _active;
    mapping(address authority => StakeMath.Bucket) private _leaving;
    mapping(address authority => Checkpoints.Trace208) private _history;
    mapping(address authority => mapping(uint256 epoch => mapping(address account => uint256))) private _shares;
    mapping(uint256 requestId => Request) private _requests;

    constructor(IAccessControl operations_, IERC20 token_, uint64 unbonding_, uint64 moduleDelay_)
        Guarded(operations_)
    {
        if (address(token_).code.length == 0 || unbonding_ == 0 || moduleDelay_ <= unbonding_) revert BadSetting();
        token = token_;
        unbonding = unbonding_;
        moduleDelay = moduleDelay_;
    }

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

    function _take(uint256 amount) private returns (uint256 arrived) {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        arrived = token.balanceOf(address(this)) - before;
        if (arrived == 0) revert TooLittle();
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

    function _growTreasury(uint256 amount) private {
        if (amount == 0) return;
        treasury += amount;
        emit TreasuryGrew(amount);
    }

    function _remember(address authority) private {
        // slither-disable-next-line unused-return
        _history[authority].push(SafeCast.toUint48(block.timestamp), SafeCast.toUint208(_active[authority].stake));
    }
}
