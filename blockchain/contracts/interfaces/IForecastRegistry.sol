// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title Where an authority commits to forecasts before their outcome is known.
/// @notice Holds the hash of one batch per (authority, product, slot). Forecasts stay off chain; anyone who has the
/// batch, one leaf and its proof can show that it existed before the gate: what is recorded was recorded in time.
/// Nothing recorded can be removed; a slot may be recorded again with a higher version, before its gate only, and
/// the last version counts. Replaced ones stay in `history`.
/// @dev Moments are Unix seconds of the block. Anyone may relay a signed batch.
interface IForecastRegistry {
    /// @notice How an authority signs, fixed at its registration.
    /// @dev Fixed because an externally owned account that later delegates code (EIP-7702) would otherwise be
    /// asked as a contract, and its plain signatures would stop to count.
    enum SignerKind {
        None,
        Account,
        Contract
    }

    /// @notice What the authority signs as EIP-712 typed data. The order of the fields is part of the type.
    /// @param root Merkle root over the leaves (OpenZeppelin StandardMerkleTree, leaves in ascending order of
    /// series hash and target, not sorted by their hashes).
    /// @param leafCount Number of leaves under the root.
    /// @param productId keccak256 of the product's name.
    /// @param regionId keccak256 of the region's name.
    /// @param slot Issue slot of the run.
    /// @param version Version of the run for this slot, from 1.
    /// @param levelsHash keccak256 of abi.encode(uint16[] quantile levels in basis points).
    /// @param modelHash SHA-256 of the model artefact.
    /// @param featureHash SHA-256 over the inputs.
    /// @param issuedAt When the run was made.
    /// @param gateClosure From this moment on the batch is refused.
    /// @param deliveryStart Start of the earliest target period; never before the gate.
    /// @param prevBatch Hash of the authority's batch before this one; its address for its first. So the chain of
    /// batches belongs to one authority, and no signature counts for another one that has the same key behind it.
    /// @param nonce Number of batches that the authority has recorded before this one.
    struct ForecastBatch {
        bytes32 root;
        uint32 leafCount;
        bytes32 productId;
        bytes32 regionId;
        uint64 slot;
        uint32 version;
        bytes32 levelsHash;
        bytes32 modelHash;
        bytes32 featureHash;
        uint64 issuedAt;
        uint64 gateClosure;
        uint64 deliveryStart;
        bytes32 prevBatch;
        uint256 nonce;
    }

    /// @notice `root` now counts for `slot` of `productId`. `batchHash` is the EIP-712 struct hash.
    event BatchNotarized(
        bytes32 indexed root,
        address indexed authority,
        bytes32 indexed productId,
        uint64 slot,
        uint32 version,
        uint32 leafCount,
        uint64 gateClosure,
        bytes32 batchHash
    );

    /// @notice ERC-8281 observation commitment: `committer` committed to `digest`, the Merkle root.
    event Recorded(bytes32 indexed digest, address indexed committer);

    /// @notice `authority` may have batches recorded from now on.
    event AuthorityRegistered(address indexed authority, SignerKind kind);

    /// @notice `authority` may have no further batch recorded. What it recorded stays.
    event AuthorityRevoked(address indexed authority);

    /// @notice Too late: the block's time has reached the gate. The batch can never be recorded.
    error GateClosed(uint64 gateClosure, uint256 blockTime);
    /// @notice A gate after the start of delivery would allow a forecast of what has begun.
    error GateAfterDelivery(uint64 gateClosure, uint64 deliveryStart);
    /// @notice The slot was recorded under an earlier gate, and a new version cannot move it.
    error GateMoved(uint64 recordedGate, uint64 gateClosure);
    /// @notice The root is zero or there is no leaf.
    error EmptyBatch();
    /// @notice The address was never registered, or was revoked.
    error UnknownAuthority(address authority);
    /// @notice The signature is not the authority's for exactly this batch, registry and chain.
    error BadSignature(address authority);
    /// @notice Replayed (lower than expected) or out of order (higher).
    error WrongNonce(uint256 expected, uint256 given);
    /// @notice The batch does not follow the authority's last one.
    error WrongPreviousBatch(bytes32 expected, bytes32 given);
    /// @notice The slot holds this version or a higher one, or the version is zero.
    error VersionNotHigher(uint32 recorded, uint32 given);
    /// @notice The slot holds a batch: bring it along, to `notarizeAgain`.
    error AlreadyRecorded(bytes32 recorded);
    /// @notice The slot does not hold the batch that was brought along as the one to replace.
    error NotTheRecordedBatch(bytes32 recorded, bytes32 given);
    /// @notice As many signatures as batches, and at least one.
    error WrongSignatureCount(uint256 batches, uint256 signatures);
    /// @notice The signer kind does not fit the address: no code for Contract, or None.
    error WrongSignerKind(address authority, SignerKind kind);
    /// @notice The address is registered already; revoke it first to change its kind.
    error AlreadyRegistered(address authority);

    /// @notice Lets `authority` have batches recorded. Only the owner may call it.
    function registerAuthority(address authority, SignerKind kind) external;

    /// @notice Stops `authority`. Its nonce and hash chain stay, so that no old batch can come back.
    function revokeAuthority(address authority) external;

    /// @notice Records a signed batch for a slot that holds none. Reverts with one of the errors above, or records
    /// it in full.
    function notarize(ForecastBatch calldata batch, address authority, bytes calldata signature) external;

    /// @notice Records a higher version for a slot that holds `previous`. Its gate may not be later: otherwise a new
    /// version could bring a gate of its own, made after the outcome was seen.
    function notarizeAgain(
        ForecastBatch calldata batch,
        ForecastBatch calldata previous,
        address authority,
        bytes calldata signature
    ) external;

    /// @notice Records batches of one authority in their order, each as `notarize` would: all of them or none.
    function notarizeMany(ForecastBatch[] calldata batches, address authority, bytes[] calldata signatures) external;

    /// @notice How `authority` signs; None if it is not registered.
    function signerKind(address authority) external view returns (SignerKind);

    /// @notice The nonce that the authority's next batch must carry.
    function nextNonce(address authority) external view returns (uint256);

    /// @notice The hash that the authority's next batch must name as `prevBatch`; zero if it was never registered.
    function lastBatch(address authority) external view returns (bytes32);

    /// @notice Hash of the batch that counts for a slot; zero if nothing was recorded.
    function record(address authority, bytes32 productId, uint64 slot) external view returns (bytes32 batchHash);

    /// @notice Hashes of all batches that were recorded for a slot, oldest first; the last one counts.
    function history(address authority, bytes32 productId, uint64 slot) external view returns (bytes32[] memory);

    /// @notice EIP-712 struct hash of a batch: what the next batch names as `prevBatch`.
    function hashBatch(ForecastBatch calldata batch) external pure returns (bytes32);

    /// @notice The digest that the authority signs, for this registry on this chain.
    function digestOf(ForecastBatch calldata batch) external view returns (bytes32);

    /// @notice The leaf of one target period of one series.
    function leafHash(
        bytes32 seriesId,
        uint64 targetStart,
        uint32 resolutionS,
        int64[] calldata valuesMilli,
        bytes32 salt
    ) external pure returns (bytes32);

    /// @notice Whether these values are in the batch, the batch is the one that counts for its slot, and the period
    /// began at the gate or later.
    function verifyLeaf(
        ForecastBatch calldata batch,
        address authority,
        bytes32 seriesId,
        uint64 targetStart,
        uint32 resolutionS,
        int64[] calldata valuesMilli,
        bytes32 salt,
        bytes32[] calldata proof
    ) external view returns (bool);
}
