// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IForecastRegistry} from "./IForecastRegistry.sol";
import {IQuantileScorer} from "./IQuantileScorer.sol";

/// @title From final actuals to money, with nobody's permission.
/// @notice A round is one slot of one product. Every authority that joined the product before the slot is in it.
/// After the actuals are final, anyone may reveal an authority's leaves until the round's deadline; each actual that
/// is not answered counts as the worst score, and so does each sealed leaf beyond the number of actuals: who seals
/// many answers to one question and shows the best one pays for the others. Then anyone settles: deviation is the
/// score above that of the benchmark (the committed seasonal-naive run). Beyond the threshold the penalty grows
/// linearly with it, to a cap, as a share of the stake; what is taken goes pro rata to those better than the
/// benchmark, weighted by stake and by how much better. The stake is what it was before the slot, or less if some
/// of it is gone: nobody comes in for a known result. Rounding stays in the treasury. A round without a revealed
/// benchmark is neutral. A round is settled once, on the version of the actuals that it was opened with.
interface ISettlement {
    /// @notice How a product is settled. Scores and threshold are in units of QuantileScorer.ONE.
    /// @param benchmark The authority of the committed seasonal-naive run.
    /// @param levelsHash keccak256 of abi.encode(uint16[]) of the levels that everybody answers: who could choose
    /// them would choose the easy ones.
    /// @param gateWindow Gates lie at most so many seconds after the slot: who could choose the gate would know more.
    /// @param revealWindow Seconds for reveals.
    /// @param threshold How much worse than the benchmark is free.
    /// @param slopeBps Penalty in basis points of the stake per ONE beyond the threshold.
    /// @param capBps The highest penalty, in basis points of the stake.
    struct Terms {
        address benchmark;
        bytes32 levelsHash;
        uint64 gateWindow;
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

    /// @notice How far an authority's best reveal came. `sum` is over `revealed` leaves; `sealedLeaves` is how many
    /// leaves are proven to be under its root, 0 before that.
    struct Tally {
        uint32 revealed;
        uint32 sealedLeaves;
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
    /// @notice Terms cannot take effect at that slot, or are out of range.
    error BadTerms();
    /// @notice It is not proven yet how many leaves are under the root: reveal all at once, or call countLeaves.
    error NotCounted(bytes32 root);
    /// @notice The forecast of `targetStart` could have been sealed when its period had begun.
    error AfterTheFact(uint64 targetStart, uint64 gateClosure);
    /// @notice The batch was sealed for other levels than those of the product.
    error WrongLevels(bytes32 expected, bytes32 given);
    /// @notice The batch was sealed with a gate after the last one of its slot.
    error GateTooLate(uint64 latest, uint64 gateClosure);
    /// @notice More leaves than there are actuals.
    error TooManyLeaves(uint256 given, uint256 actuals);
    /// @notice The batch is not what the registry holds for the authority, product and slot.
    error NotTheSealedBatch(bytes32 recorded, bytes32 given);
    /// @notice Leaves are revealed in ascending order of (series, target), each once.
    error OutOfOrder(uint256 index);
    /// @notice No more authorities can join this product.
    error ProductFull(bytes32 productId);
    /// @notice Only a registered authority itself, with stake, and not again before its last slots are over.
    error CannotJoin(address authority);
    /// @notice The caller does not take part.
    error NotIn(address authority);

    /// @notice Sets how a product is settled from a slot on. Only the admin. The first terms may begin with the next
    /// slot, later ones after the pool's unbonding time, so that who disagrees can leave before.
    function setTerms(bytes32 productId, uint64 fromSlot, Terms calldata terms) external;

    /// @notice The caller takes part in `productId` from its next slot on.
    function join(bytes32 productId) external;

    /// @notice The caller no longer takes part in slots after now. It may join again after the unbonding time.
    function leave(bytes32 productId) external;

    /// @notice Starts the round of a slot whose actuals are final. Anyone may call, after the slot's last gate and as
    /// long as there is time for the reveals and once more as much to settle, before a stake could be gone that was
    /// there when the slot began.
    function open(bytes32 productId, uint64 slot) external;

    /// @notice Proves how many leaves are under an authority's root. Anyone may call, before the first reveal.
    /// @param inner The inner one of the two hashes of each leaf, in the order of the tree. Its 32 bytes prove that
    /// what they hash to is a leaf, and not a node that stands for many.
    function countLeaves(
        address authority,
        IForecastRegistry.ForecastBatch calldata batch,
        bytes32[] calldata inner
    ) external;

    /// @notice Reveals some of an authority's leaves with the actuals that they answer. Anyone may call, repeatedly;
    /// each caller has a tally of its own and the best one counts, so that nobody can spoil another's reveal.
    /// @dev Without countLeaves only all leaves in one call, which proves their number.
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

    /// @notice Mean score over the round: what was revealed, and ONE for each actual that was not answered and for
    /// each sealed leaf beyond those.
    function scoreOf(bytes32 productId, uint64 slot, address authority) external view returns (uint256);

    /// @notice Terms that apply to a slot.
    function termsOf(bytes32 productId, uint64 slot) external view returns (Terms memory);

    /// @notice Authorities that take part in a slot.
    function participants(bytes32 productId, uint64 slot) external view returns (address[] memory);
}
