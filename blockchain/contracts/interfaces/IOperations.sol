// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title Roles of people, and what they ask of the forecasting service on the record.
/// @notice Services read the roles for sign-in; wallets send the requests. An operator's override is an event that
/// settlement-service turns into a job and answers with a new version of the forecast.
interface IOperations {
    event RecalibrationRequested(
        uint256 indexed requestId, bytes32 indexed productId, address indexed operator, bytes32 reasonHash
    );

    /// @notice A request needs a product and a reason.
    error EmptyRequest();

    /// @notice Asks for a new calibration of a product. Only with OPERATOR_ROLE; `reasonHash` is keccak256 of the text.
    function requestRecalibration(bytes32 productId, bytes32 reasonHash) external returns (uint256 requestId);

    /// @notice Number of requests so far.
    function requests() external view returns (uint256);

    /// @notice May dispute for the utility and ask for recalibrations.
    // solhint-disable-next-line func-name-mixedcase
    function OPERATOR_ROLE() external view returns (bytes32);

    /// @notice May propose actuals.
    // solhint-disable-next-line func-name-mixedcase
    function PROVIDER_ROLE() external view returns (bytes32);

    /// @notice May stop entries into the money contracts; only the admin lets them in again.
    // solhint-disable-next-line func-name-mixedcase
    function GUARDIAN_ROLE() external view returns (bytes32);
}
