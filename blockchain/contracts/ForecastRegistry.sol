// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IForecastRegistry} from "./interfaces/IForecastRegistry.sol";

/// @title Immutable registry of sealed forecast runs.
/// @notice The owner decides who may seal from now on, and nothing else: there is no proxy, no pause and no
/// function that touches a record. Ownership moves in two steps.
contract ForecastRegistry is IForecastRegistry, EIP712, Ownable2Step {
    /// @dev Three storage slots; the last four members share one.
    struct Entry {
        bytes32 root;
        bytes32 batchHash;
        uint32 version;
        uint64 notarizedAt;
        uint64 gateClosure;
    }

    /// @notice EIP-712 type hash of ForecastBatch.
    bytes32 public constant BATCH_TYPEHASH = keccak256(
        "ForecastBatch(bytes32 root,uint32 leafCount,bytes32 productId,bytes32 regionId,uint64 slot,uint32 version,"
        "bytes32 levelsHash,bytes32 modelHash,bytes32 featureHash,uint64 issuedAt,uint64 gateClosure,"
        "uint64 deliveryStart,bytes32 prevBatch,uint256 nonce)"
    );

    /// @inheritdoc IForecastRegistry
    mapping(address authority => SignerKind) public signerKind;
    /// @inheritdoc IForecastRegistry
    mapping(address authority => uint256) public nextNonce;
    /// @inheritdoc IForecastRegistry
    mapping(address authority => bytes32) public lastBatch;

    mapping(address authority => mapping(bytes32 productId => mapping(uint64 slot => Entry))) private _entries;

    constructor(address admin) EIP712("GridsealForecastRegistry", "1") Ownable(admin) {}

    /// @inheritdoc IForecastRegistry
    function registerAuthority(address authority, SignerKind kind) external onlyOwner {
        if (signerKind[authority] != SignerKind.None) revert AlreadyRegistered(authority);
        bool fits = kind == SignerKind.Account || (kind == SignerKind.Contract && authority.code.length != 0);
        if (!fits || authority == address(0)) revert WrongSignerKind(authority, kind);
        signerKind[authority] = kind;
        emit AuthorityRegistered(authority, kind);
    }

    /// @inheritdoc IForecastRegistry
    function revokeAuthority(address authority) external onlyOwner {
        if (signerKind[authority] == SignerKind.None) revert UnknownAuthority(authority);
        signerKind[authority] = SignerKind.None;
        emit AuthorityRevoked(authority);
    }

    /// @inheritdoc IForecastRegistry
    function notarize(ForecastBatch calldata batch, address authority, bytes calldata signature) external {
        _checkTimes(batch);
        bytes32 batchHash = hashBatch(batch);
        _checkSigner(authority, _hashTypedDataV4(batchHash), signature);

        uint256 nonce = nextNonce[authority];
        if (batch.nonce != nonce) revert WrongNonce(nonce, batch.nonce);
        bytes32 last = lastBatch[authority];
        if (batch.prevBatch != last) revert WrongPreviousBatch(last, batch.prevBatch);

        Entry storage entry = _entries[authority][batch.productId][batch.slot];
        if (batch.version <= entry.version) revert VersionNotHigher(entry.version, batch.version);
        // Without this a later version could bring its own later gate, made after the outcome was seen.
        if (entry.version != 0 && batch.gateClosure > entry.gateClosure) {
            revert GateMoved(entry.gateClosure, batch.gateClosure);
        }

        nextNonce[authority] = nonce + 1;
        lastBatch[authority] = batchHash;
        entry.root = batch.root;
        entry.batchHash = batchHash;
        entry.version = batch.version;
        entry.notarizedAt = uint64(block.timestamp);
        entry.gateClosure = batch.gateClosure;

        emit BatchNotarized(
            batch.root,
            authority,
            batch.productId,
            batch.slot,
            batch.version,
            batch.leafCount,
            batch.gateClosure,
            batchHash
        );
        emit Recorded(batch.root, authority);
    }

    /// @inheritdoc IForecastRegistry
    function record(address authority, bytes32 productId, uint64 slot)
        external
        view
        returns (bytes32 root, bytes32 batchHash, uint32 version, uint64 notarizedAt, uint64 gateClosure)
    {
        Entry storage entry = _entries[authority][productId][slot];
        return (entry.root, entry.batchHash, entry.version, entry.notarizedAt, entry.gateClosure);
    }

    /// @inheritdoc IForecastRegistry
    function verifyLeaf(
        bytes32 seriesId,
        uint64 targetStart,
        uint32 resolutionS,
        int64[] calldata valuesMilli,
        bytes32 salt,
        bytes32[] calldata proof,
        address authority,
        bytes32 productId,
        uint64 slot
    ) external view returns (bool) {
        Entry storage entry = _entries[authority][productId][slot];
        if (entry.version == 0 || targetStart < entry.gateClosure) return false;
        bytes32 leaf = leafHash(seriesId, targetStart, resolutionS, valuesMilli, salt);
        return MerkleProof.verifyCalldata(proof, entry.root, leaf);
    }

    /// @inheritdoc IForecastRegistry
    function digestOf(ForecastBatch calldata batch) external view returns (bytes32) {
        return _hashTypedDataV4(hashBatch(batch));
    }

    /// @inheritdoc IForecastRegistry
    function hashBatch(ForecastBatch calldata batch) public pure returns (bytes32) {
        return keccak256(abi.encode(BATCH_TYPEHASH, batch));
    }

    /// @inheritdoc IForecastRegistry
    /// @dev Hashed twice, so that an inner node (64 bytes hashed once) can never stand for a leaf.
    function leafHash(
        bytes32 seriesId,
        uint64 targetStart,
        uint32 resolutionS,
        int64[] calldata valuesMilli,
        bytes32 salt
    ) public pure returns (bytes32) {
        return keccak256(
            bytes.concat(keccak256(abi.encode(seriesId, targetStart, resolutionS, valuesMilli, salt)))
        );
    }

    function _checkTimes(ForecastBatch calldata batch) private view {
        if (batch.root == bytes32(0) || batch.leafCount == 0) revert EmptyBatch();
        if (batch.gateClosure > batch.deliveryStart) {
            revert GateAfterDelivery(batch.gateClosure, batch.deliveryStart);
        }
        if (block.timestamp >= batch.gateClosure) revert GateClosed(batch.gateClosure, block.timestamp);
    }

    function _checkSigner(address authority, bytes32 digest, bytes calldata signature) private view {
        SignerKind kind = signerKind[authority];
        if (kind == SignerKind.None) revert UnknownAuthority(authority);
        if (kind == SignerKind.Contract) {
            if (SignatureChecker.isValidERC1271SignatureNowCalldata(authority, digest, signature)) return;
        } else {
            (address signer, ECDSA.RecoverError problem,) = ECDSA.tryRecoverCalldata(digest, signature);
            if (problem == ECDSA.RecoverError.NoError && signer == authority) return;
        }
        revert BadSignature(authority);
    }
}
