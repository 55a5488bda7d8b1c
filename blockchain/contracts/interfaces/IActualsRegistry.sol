// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title Measured values by which forecasts are scored: versioned roots of a bonded provider.
/// @notice One set of actuals belongs to one slot of one product and holds exactly the periods that count.
/// proposed -> (window without dispute) -> final; or disputed -> ruled for the provider: final, for the
/// challenger: void; or no ruling in time -> void, everybody gets the bond back. A void or a final set can be
/// followed by a new version; a final one stays readable under its version.
/// @dev Bonds are held here, in the token of the stake pool; what is owed is pulled by `withdraw`.
interface IActualsRegistry {
    enum Status {
        None,
        Proposed,
        Disputed,
        Final,
        Void
    }

    /// @notice One version. Moments are Unix seconds.
    struct Actuals {
        bytes32 root;
        uint32 leafCount;
        address provider;
        Status status;
        uint64 proposedAt;
        uint64 finalAt;
        address challenger;
        uint64 rulingDeadline;
        uint256 bond;
    }

    event ActualsProposed(
        bytes32 indexed productId, uint64 indexed slot, uint32 version, bytes32 root, uint32 leafCount, uint64 finalAt
    );
    event ActualsDisputed(
        bytes32 indexed productId,
        uint64 indexed slot,
        uint32 version,
        address indexed challenger,
        uint256 disputeId,
        bytes32 evidenceHash
    );
    event ActualsFinal(bytes32 indexed productId, uint64 indexed slot, uint32 version, bytes32 root);
    event ActualsVoid(bytes32 indexed productId, uint64 indexed slot, uint32 version, uint256 ruling);
    event Withdrawn(address indexed account, uint256 amount);
    event TreasuryPaid(uint256 amount);

    /// @notice Only a provider with the role may propose.
    error NotProvider(address account);
    /// @notice Not in this state of the newest version; None also for a slot that has not begun, or no such version.
    error NotNow(Status status);
    /// @notice Less arrived than the other side's bond.
    error BondTooSmall(uint256 expected, uint256 arrived);
    /// @notice The caller is not the arbitrator of such a dispute, or gave it twice.
    error NoSuchDispute(address arbitrator, uint256 disputeId);
    /// @notice Rulings are 0 (no answer), 1 (for the provider), 2 (for the challenger).
    error NoSuchRuling(uint256 ruling);
    /// @notice The window ended at `finalAt`; at that second and later only `finalize` is possible.
    error WindowClosed(uint64 finalAt);
    /// @notice The window is open until `finalAt`.
    error WindowOpen(uint64 finalAt);
    /// @notice The root is zero or there is no leaf.
    error EmptyActuals();
    /// @notice The arbitrator had until `deadline`, or has still.
    error RulingTime(uint64 deadline);

    /// @notice Puts up version `latest + 1` with a bond of `bondAmount()`, taken by transferFrom.
    function propose(bytes32 productId, uint64 slot, bytes32 root, uint32 leafCount) external returns (uint32 version);

    /// @notice Doubts the open version with an equal bond, before `finalAt`. Sends the arbitration cost along.
    /// @param version The version that is doubted: a newer one could have come up while the call was on its way.
    function dispute(bytes32 productId, uint64 slot, uint32 version, bytes32 evidenceHash) external payable;

    /// @notice Makes an undisputed version final, from `finalAt` on. Anyone may call.
    function finalize(bytes32 productId, uint64 slot) external;

    /// @notice Voids a version whose ruling did not come in time. Anyone may call.
    function expire(bytes32 productId, uint64 slot) external;

    /// @notice Pays out what the caller is owed.
    function withdraw() external returns (uint256 amount);

    /// @notice Moves the halves of lost bonds into the treasury of the stake pool. Anyone may call.
    /// @dev Apart from the ruling, so that no token can stand in the way of a ruling.
    function payTreasury() external returns (uint256 amount);

    /// @notice Number of the newest version, 0 for none.
    function latest(bytes32 productId, uint64 slot) external view returns (uint32);

    /// @notice The newest final version, 0 for none.
    function latestFinal(bytes32 productId, uint64 slot) external view returns (uint32);

    /// @notice One version.
    function actuals(bytes32 productId, uint64 slot, uint32 version) external view returns (Actuals memory);

    /// @notice What `account` may withdraw.
    function owed(address account) external view returns (uint256);

    /// @notice Halves of lost bonds that wait for payTreasury.
    function treasuryDue() external view returns (uint256);

    /// @notice Bond of a proposal, and of a dispute.
    function bondAmount() external view returns (uint256);
}
