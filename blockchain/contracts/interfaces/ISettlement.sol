// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IForecastRegistry} from "./IForecastRegistry.sol";
import {IQuantileScorer} from "./IQuantileScorer.sol";

/// @title From final actuals to money, with nobody's permission.
/// @notice A round is one slot of one product. Every authority that joined the product before the slot's gate is
/// in it. After the actuals are final, anyone may reveal an authority's leaves until the round's deadline; each
/// actual that is not answered counts as the worst score. Then anyone settles: deviation is the score above that
/// of the benchmark (the committed seasonal-naive run). Beyond the threshold the penalty grows linearly with it,
/// to a cap, as a share of the stake; what is taken goes pro rata to those better than the benchmark, weighted by
/// stake and by how much better. Rounding stays in the treasury. A round without a revealed benchmark is neutral.
interface ISettlement {
    /// @notice How a product is settled. Scores and threshold are in units of QuantileScorer.ONE.
    struct Terms {
        address benchmark;
        uint64 revealWindow;
        uint128 threshold;
        uint32 slopeBps;
        uint32 capBps;
    }

    enum RoundState {
        None,
        Revealing,
        Settled,
        Neutral
    }

    struct Round {
        RoundState state;
        uint32 actualsVersion;
        uint32 leafCount;
        uint64 deadline;
    }

    /// @notice How far an authority's reveal came. `sum` is over `revealed` leaves.
    struct Tally {
        uint32 revealed;
        uint256 sum;
        bytes32 lastSeries;
        uint64 lastTarget;
    }

    event TermsSet(bytes32 indexed productId, uint64 fromSlot, Terms terms);
    event Joined(bytes32 indexed productId, address indexed authority, uint64 fromSlot);
    event Left(bytes32 indexed productId, address indexed authority, uint64 fromSlot);
    event RoundOpened(bytes32 indexed productId, uint64 indexed slot, uint32 actualsVersion, uint64 deadline);
    event Revealed(bytes32 indexed productId, uint64 indexed slot, address indexed authority, uint32 revealed, uint256 sum);
    event Scored(bytes32 indexed productId, uint64 indexed slot, address indexed authority, uint256 score);
    event Settled(bytes32 indexed productId, uint64 indexed slot, uint256 taken, uint256 given);
    event RoundNeutral(bytes32 indexed productId, uint64 indexed slot);

    /// @notice The product has no terms for this slot.
    error NoTerms(bytes32 productId, uint64 slot);
    /// @notice There are no final actuals for the slot.
    error NoActuals(bytes32 productId, uint64 slot);
    /// @notice The round is in another state.
    error WrongState(RoundState state);
    /// @notice The reveal window ended at `deadline`, or has not ended yet.
    error Deadline(uint64 deadline);
    /// @notice The batch is not what the registry holds for the authority, product and slot.
    error NotTheSealedBatch(bytes32 recorded, bytes32 given);
    /// @notice Leaves are revealed in ascending order of (series, target), each once.
    error OutOfOrder(uint256 index);
    /// @notice No more authorities can join this product.
    error ProductFull(bytes32 productId);
    /// @notice Only the authority itself, and only with stake.
    error CannotJoin(address authority);

    /// @notice The caller takes part in `productId` from its next slot on.
    function join(bytes32 productId) external;

    /// @notice The caller no longer takes part in slots whose gate lies after now.
    function leave(bytes32 productId) external;

    /// @notice Starts the round of a slot whose actuals are final. Anyone may call.
    function open(bytes32 productId, uint64 slot) external;

    /// @notice Reveals some of an authority's leaves with the actuals that they answer. Anyone may call, repeatedly.
    /// @param batch What was sealed; must hash to the registry's record.
    function reveal(
        address authority,
        IForecastRegistry.ForecastBatch calldata batch,
        uint16[] calldata levelsBps,
        IQuantileScorer.ForecastLeaf[] calldata forecasts,
        IQuantileScorer.MultiProof calldata forecastProof,
        IQuantileScorer.ActualLeaf[] calldata actuals,
        IQuantileScorer.MultiProof calldata actualsProof
    ) external;

    /// @notice Settles a round after its deadline. Anyone may call.
    function settle(bytes32 productId, uint64 slot) external;

    /// @notice How far a round is.
    function round(bytes32 productId, uint64 slot) external view returns (Round memory);

    /// @notice How far an authority's reveal is.
    function tally(bytes32 productId, uint64 slot, address authority) external view returns (Tally memory);

    /// @notice Mean score over the actuals of the round: what was revealed, and ONE for each that was not.
    function scoreOf(bytes32 productId, uint64 slot, address authority) external view returns (uint256);

    /// @notice Terms that apply to a slot.
    function termsOf(bytes32 productId, uint64 slot) external view returns (Terms memory);

    /// @notice Authorities that take part in a slot.
    function participants(bytes32 productId, uint64 slot) external view returns (address[] memory);
}
