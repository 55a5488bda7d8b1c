// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title Who decides a dispute: a key, a Safe or a court (the shape of ERC-792).
interface IArbitrator {
    /// @notice A dispute was handed over by `arbitrable`.
    event DisputeCreation(uint256 indexed disputeId, address indexed arbitrable);

    /// @notice Opens a dispute with answers 1 to `choices`; 0 is "refuse to arbitrate". Pays arbitrationCost.
    function createDispute(uint256 choices, bytes calldata extraData) external payable returns (uint256 disputeId);

    /// @notice What createDispute must be paid, in wei.
    function arbitrationCost(bytes calldata extraData) external view returns (uint256);
}

/// @title Who asked, and takes the answer.
interface IArbitrable {
    /// @notice Takes the ruling; only the arbitrator of that dispute may call.
    function rule(uint256 disputeId, uint256 ruling) external;
}
