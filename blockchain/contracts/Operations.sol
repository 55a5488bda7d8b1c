// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {IOperations} from "./interfaces/IOperations.sol";

/// @title Roles, and requests of operators on the record.
/// @notice The admin is one account, changed in two steps with a delay; the other roles are granted by it.
/// Nothing here can touch a sealed forecast or a stake.
contract Operations is IOperations, AccessControlDefaultAdminRules {
    /// @inheritdoc IOperations
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");
    /// @inheritdoc IOperations
    bytes32 public constant PROVIDER_ROLE = keccak256("PROVIDER_ROLE");
    /// @inheritdoc IOperations
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");

    /// @inheritdoc IOperations
    uint256 public requests;

    /// @param delay Seconds between the two steps of a change of the admin.
    constructor(uint48 delay, address admin) AccessControlDefaultAdminRules(delay, admin) {}

    /// @inheritdoc IOperations
    function requestRecalibration(bytes32 productId, bytes32 reasonHash)
        external
        onlyRole(OPERATOR_ROLE)
        returns (uint256 requestId)
    {
        if (productId == bytes32(0) || reasonHash == bytes32(0)) revert EmptyRequest();
        requestId = ++requests;
        emit RecalibrationRequested(requestId, productId, msg.sender, reasonHash);
    }
}
