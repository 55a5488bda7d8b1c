// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IArbitrable, IArbitrator} from "./interfaces/IArbitration.sol";

/// @title An arbitrator that is one account: a key, or better a Safe.
/// @notice The smallest thing behind the interface of ERC-792; a court can take its place in a new deployment.
contract Arbiter is IArbitrator, Ownable2Step {
    /// @notice One dispute. `choices` is zero for a number that was never given out.
    struct Dispute {
        IArbitrable arbitrable;
        bool ruled;
        uint256 choices;
    }

    /// @notice `disputeId` was answered with `ruling`.
    event Ruled(uint256 indexed disputeId, uint256 ruling);
    /// @notice Disputes opened from now on cost `cost` wei.
    event CostChanged(uint256 cost);

    /// @notice Exactly `cost` wei must be sent along.
    error WrongFee(uint256 cost, uint256 sent);
    /// @notice A dispute needs a choice.
    error NoChoices();
    /// @notice Never opened, or ruled already.
    error NotOpen(uint256 disputeId);
    /// @notice Rulings go from 0, which refuses to arbitrate, to `choices`.
    error NoSuchRuling(uint256 choices, uint256 ruling);

    /// @notice Number of disputes so far; the last one has this number less one.
    uint256 public disputeCount;
    /// @notice What a dispute costs, in wei.
    uint256 public cost;

    mapping(uint256 disputeId => Dispute) private _disputes;

    constructor(address owner, uint256 cost_) Ownable(owner) {
        cost = cost_;
    }

    /// @inheritdoc IArbitrator
    /// @dev Whoever asks must be able to take the answer by IArbitrable.rule.
    function createDispute(uint256 choices, bytes calldata) external payable returns (uint256 disputeId) {
        if (msg.value != cost) revert WrongFee(cost, msg.value);
        if (choices == 0) revert NoChoices();
        disputeId = disputeCount++;
        _disputes[disputeId] = Dispute(IArbitrable(msg.sender), false, choices);
        emit DisputeCreation(disputeId, msg.sender);
    }

    /// @notice Answers a dispute, once.
    function giveRuling(uint256 disputeId, uint256 ruling) external onlyOwner {
        Dispute storage dispute = _disputes[disputeId];
        if (dispute.choices == 0 || dispute.ruled) revert NotOpen(disputeId);
        if (ruling > dispute.choices) revert NoSuchRuling(dispute.choices, ruling);
        dispute.ruled = true;
        emit Ruled(disputeId, ruling);
        dispute.arbitrable.rule(disputeId, ruling);
    }

    /// @notice What disputes cost from now on.
    function setCost(uint256 cost_) external onlyOwner {
        cost = cost_;
        emit CostChanged(cost_);
    }

    /// @notice Pays the fees so far to the owner.
    function collect() external onlyOwner {
        Address.sendValue(payable(msg.sender), address(this).balance);
    }

    /// @inheritdoc IArbitrator
    function arbitrationCost(bytes calldata) external view returns (uint256) {
        return cost;
    }

    /// @notice One dispute.
    function disputes(uint256 disputeId) external view returns (Dispute memory) {
        return _disputes[disputeId];
    }
}
