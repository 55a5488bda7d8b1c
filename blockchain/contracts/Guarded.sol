// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

/// @title What the money contracts share: roles that are read from Operations, and a pause of entries.
/// @dev A guardian may stop entries at once; only the admin lets them in again. Exits never ask whether it is paused.
abstract contract Guarded is Pausable {
    bytes32 internal constant ADMIN_ROLE = 0x00;

    bytes32 internal constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");

    /// @notice Where roles are kept.
    IAccessControl public immutable operations;

    /// @notice A constructor was given an address without code, or a duration that cannot be.
    error BadSetting();

    /// @dev Passes only accounts that hold `role` now.
    modifier onlyRole(bytes32 role) {
        _checkRole(role);
        _;
    }

    constructor(IAccessControl operations_) {
        if (address(operations_).code.length == 0) revert BadSetting();
        operations = operations_;
    }

    /// @notice Stops entries. A guardian or the admin.
    function pause() external {
        if (!operations.hasRole(ADMIN_ROLE, msg.sender)) _checkRole(GUARDIAN_ROLE);
        _pause();
    }

    /// @notice Lets entries in again. Only the admin.
    function unpause() external onlyRole(ADMIN_ROLE) {
        _unpause();
    }

    function _checkRole(bytes32 role) internal view {
        if (!operations.hasRole(role, msg.sender)) {
            revert IAccessControl.AccessControlUnauthorizedAccount(msg.sender, role);
        }
    }
}
