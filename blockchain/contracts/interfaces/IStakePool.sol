// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title Stakes behind forecasting authorities.
/// @notice Who backs an authority holds shares of its stake: penalties lower what a share is worth, rewards raise
/// it. Leaving takes `unbonding` seconds, longer than any slot needs from its seal to its settlement, and what
/// is leaving can still be penalized, but earns nothing: a request that is ready must not be a free choice between
/// a reward and the door. Others than the authority back it with its consent, because who comes late shares
/// rewards with who was there. Pause stops deposits, never exits.
/// @dev Balance of the token == stakes + leaving + treasury, at any time. A token that takes a fee is credited with
/// what arrived. Rounding is always in favor of the pool.
interface IStakePool {
    event Deposited(address indexed authority, address indexed account, uint256 amount, uint256 shares);
    event UnbondingStarted(
        uint256 indexed requestId, address indexed authority, address indexed account, uint256 shares, uint64 readyAt
    );
    event Withdrawn(uint256 indexed requestId, address indexed account, uint256 amount);
    event Slashed(address indexed authority, uint256 amount);
    event Rewarded(address indexed authority, uint256 amount);
    event TreasuryGrew(uint256 amount);
    event TreasurySpent(address indexed to, uint256 amount);
    event Admitted(address indexed authority, address indexed account, bool admitted);
    event SettlementProposed(address indexed module, uint64 readyAt);
    event SettlementChanged(address indexed module);

    /// @notice Nothing, or too little for one share.
    error TooLittle();
    /// @notice The authority has not admitted the account as a backer.
    error NotAdmitted(address authority, address account);
    /// @notice The lists do not pair.
    error WrongLengths();
    /// @notice Only the settlement module may move stakes.
    error NotSettlement(address account);
    /// @notice Not ready before `readyAt`.
    error NotYet(uint64 readyAt);
    /// @notice Not the caller's request, or paid out already.
    error NoSuchRequest(uint256 requestId);
    /// @notice Rewards may not be more than what was taken.
    error NotCovered(uint256 taken, uint256 given);

    /// @notice The caller, an authority, lets `account` back it, or no longer. What is in stays in.
    function admit(address account, bool admitted) external;

    /// @notice Backs `authority` with `amount` of the token, taken by transferFrom.
    function deposit(address authority, uint256 amount) external returns (uint256 shares);

    /// @notice Starts to take `shares` out.
    function startUnbonding(address authority, uint256 shares) external returns (uint256 requestId);

    /// @notice Pays out a request that is ready, at the value that is left.
    function withdraw(uint256 requestId) external returns (uint256 amount);

    /// @notice Takes from some authorities and gives to others in one step; the rest goes to the treasury.
    /// Only the settlement module may call.
    /// @dev What a stake does not hold is not taken; if less is taken than `given` sums to, all rewards shrink pro rata.
    /// A reward for an authority that nobody backs any more goes to the treasury.
    /// @return takenSum What was taken. @return givenSum What was given.
    function redistribute(
        address[] calldata from,
        uint256[] calldata taken,
        address[] calldata to,
        uint256[] calldata given
    ) external returns (uint256 takenSum, uint256 givenSum);

    /// @notice Adds the caller's tokens to the treasury: half of a lost bond.
    function fundTreasury(uint256 amount) external;

    /// @notice Stake behind `authority`, what is leaving included.
    function stakeOf(address authority) external view returns (uint256);

    /// @notice Stake behind `authority` that earns: without what is leaving.
    function activeOf(address authority) external view returns (uint256);

    /// @notice activeOf as it was at the end of second `moment`.
    function activeAt(address authority, uint64 moment) external view returns (uint256);

    /// @notice Shares of an account in an authority, without what is leaving.
    function sharesOf(address authority, address account) external view returns (uint256);

    /// @notice Worth of sharesOf.
    function worthOf(address authority, address account) external view returns (uint256);

    /// @notice What nobody's stake is: lost bonds, rounding, rewards without a taker.
    function treasury() external view returns (uint256);

    /// @notice Seconds between startUnbonding and withdraw.
    function unbonding() external view returns (uint64);

    /// @notice The module that settles now.
    function settlement() external view returns (address);
}
