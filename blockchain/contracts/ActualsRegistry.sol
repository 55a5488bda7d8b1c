// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Bonds} from "./Bonds.sol";
import {Guarded} from "./Guarded.sol";
import {IActualsRegistry} from "./interfaces/IActualsRegistry.sol";
import {IArbitrable, IArbitrator} from "./interfaces/IArbitration.sol";
import {IOperations} from "./interfaces/IOperations.sol";
import {IStakePool} from "./interfaces/IStakePool.sol";

/// @title Measured values by which forecasts are scored.
/// @notice Proposing is a role, doubting is open to anybody with a bond. At every second exactly one of dispute and
/// finalize, and exactly one of rule and expire, can succeed. The arbitrator is fixed: nobody can swap the judge.
contract ActualsRegistry is Bonds, IArbitrable {
    /// @dev The newest version, and the newest final one.
    struct Versions {
        uint32 latest;
        uint32 latestFinal;
    }

    /// @dev What a dispute is about.
    struct Case {
        bytes32 productId;
        uint64 slot;
        uint32 version;
    }

    uint256 private constant FOR_PROVIDER = 1;
    uint256 private constant FOR_CHALLENGER = 2;
    bytes32 private constant PROVIDER_ROLE = keccak256("PROVIDER_ROLE");

    /// @notice Who rules.
    IArbitrator public immutable arbitrator;
    /// @notice Seconds in which a version can be doubted.
    uint64 public immutable disputeWindow;
    /// @notice Seconds in which the arbitrator can rule.
    uint64 public immutable rulingWindow;

    mapping(bytes32 productId => mapping(uint64 slot => Versions)) private _versions;
    mapping(bytes32 productId => mapping(uint64 slot => mapping(uint32 version => Actuals))) private _actuals;
    mapping(uint256 disputeId => Case) private _cases;

    constructor(
        IOperations operations_,
        IERC20 token_,
        IStakePool pool_,
        IArbitrator arbitrator_,
        uint256 bondAmount_,
        uint64 disputeWindow_,
        uint64 rulingWindow_
    ) Guarded(IAccessControl(address(operations_))) Bonds(token_, pool_, bondAmount_) {
        if (address(arbitrator_).code.length == 0 || disputeWindow_ == 0 || rulingWindow_ == 0) revert BadSetting();
        arbitrator = arbitrator_;
        disputeWindow = disputeWindow_;
        rulingWindow = rulingWindow_;
    }

    /// @inheritdoc IActualsRegistry
    function propose(bytes32 productId, uint64 slot, bytes32 root, uint32 leafCount)
        external
        nonReentrant
        whenNotPaused
        returns (uint32 version)
    {
        if (!operations.hasRole(PROVIDER_ROLE, msg.sender)) revert NotProvider(msg.sender);
        if (root == bytes32(0) || leafCount == 0) revert EmptyActuals();
        Versions storage versions = _versions[productId][slot];
        Status status = _actuals[productId][slot][versions.latest].status;
        bool open = status == Status.Proposed || status == Status.Disputed;
        if (open || block.timestamp <= slot) revert NotNow(status);

        version = ++versions.latest;
        uint64 finalAt = uint64(block.timestamp) + disputeWindow;
        Actuals storage proposed = _actuals[productId][slot][version];
        proposed.root = root;
        proposed.leafCount = leafCount;
        proposed.provider = msg.sender;
        proposed.status = Status.Proposed;
        proposed.proposedAt = uint64(block.timestamp);
        proposed.finalAt = finalAt;
        proposed.bond = _takeBond(1);
        emit ActualsProposed(productId, slot, version, root, leafCount, finalAt);
    }

    /// @inheritdoc IActualsRegistry
    function dispute(bytes32 productId, uint64 slot, uint32 version, bytes32 evidenceHash)
        external
        payable
        nonReentrant
    {
        Actuals storage doubted = _newest(productId, slot, version, Status.Proposed);
        if (block.timestamp >= doubted.finalAt) revert WindowClosed(doubted.finalAt);
        doubted.status = Status.Disputed;
        doubted.challenger = msg.sender;
        doubted.rulingDeadline = uint64(block.timestamp) + rulingWindow;

        uint256 excess = _takeBond(doubted.bond) - doubted.bond;
        if (excess != 0) owed[msg.sender] += excess;
        bytes memory extraData = abi.encode(productId, slot, version, evidenceHash);
        uint256 disputeId = arbitrator.createDispute{value: msg.value}(FOR_CHALLENGER, extraData);
        if (_cases[disputeId].version != 0) revert NoSuchDispute(address(arbitrator), disputeId);
        _cases[disputeId] = Case(productId, slot, version);
        emit ActualsDisputed(productId, slot, version, msg.sender, disputeId, evidenceHash);
    }

    /// @inheritdoc IArbitrable
    function rule(uint256 disputeId, uint256 ruling) external nonReentrant {
        Case memory about = _cases[disputeId];
        if (msg.sender != address(arbitrator) || about.version == 0) revert NoSuchDispute(msg.sender, disputeId);
        Actuals storage ruled = _newest(about.productId, about.slot, about.version, Status.Disputed);
        if (block.timestamp >= ruled.rulingDeadline) revert RulingTime(ruled.rulingDeadline);
        if (ruling > FOR_CHALLENGER) revert NoSuchRuling(ruling);

        if (ruling == FOR_PROVIDER) {
            _payWinner(ruled.provider, ruled.bond);
            ruled.finalAt = uint64(block.timestamp);
            _makeFinal(about.productId, about.slot, about.version, ruled);
        } else {
            if (ruling == FOR_CHALLENGER) _payWinner(ruled.challenger, ruled.bond);
            else _payBack(ruled);
            ruled.status = Status.Void;
            emit ActualsVoid(about.productId, about.slot, about.version, ruling);
        }
    }

    /// @inheritdoc IActualsRegistry
    function finalize(bytes32 productId, uint64 slot) external nonReentrant {
        uint32 version = _versions[productId][slot].latest;
        Actuals storage proposed = _newest(productId, slot, version, Status.Proposed);
        if (block.timestamp < proposed.finalAt) revert WindowOpen(proposed.finalAt);
        owed[proposed.provider] += proposed.bond;
        _makeFinal(productId, slot, version, proposed);
    }

    /// @inheritdoc IActualsRegistry
    function expire(bytes32 productId, uint64 slot) external nonReentrant {
        uint32 version = _versions[productId][slot].latest;
        Actuals storage disputed = _newest(productId, slot, version, Status.Disputed);
        if (block.timestamp < disputed.rulingDeadline) revert RulingTime(disputed.rulingDeadline);
        _payBack(disputed);
        disputed.status = Status.Void;
        emit ActualsVoid(productId, slot, version, 0);
    }

    /// @inheritdoc IActualsRegistry
    function latest(bytes32 productId, uint64 slot) external view returns (uint32) {
        return _versions[productId][slot].latest;
    }

    /// @inheritdoc IActualsRegistry
    function latestFinal(bytes32 productId, uint64 slot) external view returns (uint32) {
        return _versions[productId][slot].latestFinal;
    }

    /// @inheritdoc IActualsRegistry
    function actuals(bytes32 productId, uint64 slot, uint32 version) external view returns (Actuals memory) {
        return _actuals[productId][slot][version];
    }

    /// @dev The newest version, if it is `version` and in `status`.
    function _newest(bytes32 productId, uint64 slot, uint32 version, Status status)
        private
        view
        returns (Actuals storage found)
    {
        uint32 newest = _versions[productId][slot].latest;
        found = _actuals[productId][slot][newest];
        if (version != newest || found.status != status) revert NotNow(found.status);
    }

    function _makeFinal(bytes32 productId, uint64 slot, uint32 version, Actuals storage settled) private {
        settled.status = Status.Final;
        _versions[productId][slot].latestFinal = version;
        emit ActualsFinal(productId, slot, version, settled.root);
    }
}
