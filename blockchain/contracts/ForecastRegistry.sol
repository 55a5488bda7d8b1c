// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Leaves} from "./Leaves.sol";
import {IForecastRegistry} from "./interfaces/IForecastRegistry.sol";

/// @title Immutable registry of sealed forecast runs.
/// @notice The owner decides who may seal from now on, and nothing else: there is no proxy, no pause and no
/// function that touches a record. Ownership moves in two steps.
contract ForecastRegistry is IForecastRegistry, EIP712, Ownable2Step {
    /// @dev One storage slot. The nonce outlives a revocation.
    struct Signer {
        SignerKind kind;
        uint248 nonce;
    }

    /// @dev One storage slot is written per slot; the list costs something only if the slot is recorded again.
    struct Entry {
        bytes32 batchHash;
        bytes32[] replaced;
    }

    /// @notice EIP-712 type hash of ForecastBatch.
    bytes32 public constant BATCH_TYPEHASH = keccak256(
        "ForecastBatch(bytes32 root,uint32 leafCount,bytes32 productId,bytes32 regionId,uint64 slot,uint32 version,"
        "bytes32 levelsHash,bytes32 modelHash,bytes32 featureHash,uint64 issuedAt,uint64 gateClosure,"
        "uint64 deliveryStart,bytes32 prevBatch,uint256 nonce)"
    );

    /// @inheritdoc IForecastRegistry
    mapping(address authority => bytes32) public lastBatch;

    mapping(address authority => Signer) private _signers;
    mapping(address authority => mapping(bytes32 productId => mapping(uint64 slot => Entry))) private _entries;

    constructor(address admin) EIP712("GridsealForecastRegistry", "1") Ownable(admin) {}

    /// @inheritdoc IForecastRegistry
    function registerAuthority(address authority, SignerKind kind) external onlyOwner {
        if (_signers[authority].kind != SignerKind.None) revert AlreadyRegistered(authority);
        bool fits = kind == SignerKind.Account || (kind == SignerKind.Contract && authority.code.length != 0);
        if (!fits || authority == address(0)) revert WrongSignerKind(authority, kind);
        _signers[authority].kind = kind;
        // The chain of batches begins with the address: no signature counts for another authority of the same key.
        if (lastBatch[authority] == bytes32(0)) lastBatch[authority] = bytes32(uint256(uint160(authority)));
        emit AuthorityRegistered(authority, kind);
    }

    /// @inheritdoc IForecastRegistry
    function revokeAuthority(address authority) external onlyOwner {
        if (_signers[authority].kind == SignerKind.None) revert UnknownAuthority(authority);
        _signers[authority].kind = SignerKind.None;
        emit AuthorityRevoked(authority);
    }

    /// @inheritdoc IForecastRegistry
    function notarize(ForecastBatch calldata batch, address authority, bytes calldata signature) external {
        _recordFirst(batch, authority, signature);
    }

    /// @inheritdoc IForecastRegistry
    function notarizeAgain(
        ForecastBatch calldata batch,
        ForecastBatch calldata previous,
        address authority,
        bytes calldata signature
    ) external {
        bytes32 batchHash = _follow(batch, authority, signature);
        Entry storage entry = _entries[authority][batch.productId][batch.slot];
        bytes32 recorded = entry.batchHash;
        bytes32 given = hashBatch(previous);
        if (recorded != given) revert NotTheRecordedBatch(recorded, given);
        if (batch.version <= previous.version) revert VersionNotHigher(previous.version, batch.version);
        if (batch.gateClosure > previous.gateClosure) revert GateMoved(previous.gateClosure, batch.gateClosure);
        entry.replaced.push(recorded);
        entry.batchHash = batchHash;
        _tell(batch, authority, batchHash);
    }

    /// @inheritdoc IForecastRegistry
    function notarizeMany(ForecastBatch[] calldata batches, address authority, bytes[] calldata signatures) external {
        if (batches.length == 0 || batches.length != signatures.length) {
            revert WrongSignatureCount(batches.length, signatures.length);
        }
        for (uint256 i; i < batches.length; ++i) {
            _recordFirst(batches[i], authority, signatures[i]);
        }
    }

    /// @inheritdoc IForecastRegistry
    function signerKind(address authority) external view returns (SignerKind) {
        return _signers[authority].kind;
    }

    /// @inheritdoc IForecastRegistry
    function nextNonce(address authority) external view returns (uint256) {
        return _signers[authority].nonce;
    }

    /// @inheritdoc IForecastRegistry
    function record(address authority, bytes32 productId, uint64 slot) external view returns (bytes32 batchHash) {
        return _entries[authority][productId][slot].batchHash;
    }

    /// @inheritdoc IForecastRegistry
    function history(address authority, bytes32 productId, uint64 slot) external view returns (bytes32[] memory all) {
        Entry storage entry = _entries[authority][productId][slot];
        bytes32 last = entry.batchHash;
        if (last == bytes32(0)) return all;
        uint256 count = entry.replaced.length;
        all = new bytes32[](count + 1);
        for (uint256 i; i < count; ++i) {
            all[i] = entry.replaced[i];
        }
        all[count] = last;
    }

    /// @inheritdoc IForecastRegistry
    function verifyLeaf(
        ForecastBatch calldata batch,
        address authority,
        bytes32 seriesId,
        uint64 targetStart,
        uint32 resolutionS,
        int64[] calldata valuesMilli,
        bytes32 salt,
        bytes32[] calldata proof
    ) external view returns (bool) {
        if (_entries[authority][batch.productId][batch.slot].batchHash != hashBatch(batch)) return false;
        if (targetStart < batch.gateClosure) return false;
        bytes32 leaf = Leaves.ofForecast(seriesId, targetStart, resolutionS, valuesMilli, salt);
        return MerkleProof.verifyCalldata(proof, batch.root, leaf);
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
    function leafHash(
        bytes32 seriesId,
        uint64 targetStart,
        uint32 resolutionS,
        int64[] calldata valuesMilli,
        bytes32 salt
    ) external pure returns (bytes32) {
        return Leaves.ofForecast(seriesId, targetStart, resolutionS, valuesMilli, salt);
    }

    function _recordFirst(ForecastBatch calldata batch, address authority, bytes calldata signature) private {
        bytes32 batchHash = _follow(batch, authority, signature);
        if (batch.version == 0) revert VersionNotHigher(0, 0);
        Entry storage entry = _entries[authority][batch.productId][batch.slot];
        bytes32 recorded = entry.batchHash;
        if (recorded != bytes32(0)) revert AlreadyRecorded(recorded);
        entry.batchHash = batchHash;
        _tell(batch, authority, batchHash);
    }

    /// @dev Checks all that does not depend on what the slot holds, and moves the authority's chain on.
    function _follow(ForecastBatch calldata batch, address authority, bytes calldata signature)
        private
        returns (bytes32 batchHash)
    {
        _checkTimes(batch);
        batchHash = hashBatch(batch);
        Signer memory signer = _signers[authority];
        _checkSignature(authority, signer.kind, _hashTypedDataV4(batchHash), signature);
        if (batch.nonce != signer.nonce) revert WrongNonce(signer.nonce, batch.nonce);
        bytes32 last = lastBatch[authority];
        if (batch.prevBatch != last) revert WrongPreviousBatch(last, batch.prevBatch);
        ++signer.nonce;
        _signers[authority] = signer;
        lastBatch[authority] = batchHash;
    }

    function _tell(ForecastBatch calldata batch, address authority, bytes32 batchHash) private {
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

    function _checkTimes(ForecastBatch calldata batch) private view {
        if (batch.root == bytes32(0) || batch.leafCount == 0) revert EmptyBatch();
        if (batch.gateClosure > batch.deliveryStart) {
            revert GateAfterDelivery(batch.gateClosure, batch.deliveryStart);
        }
        if (block.timestamp >= batch.gateClosure) revert GateClosed(batch.gateClosure, block.timestamp);
    }

    function _checkSignature(address authority, SignerKind kind, bytes32 digest, bytes calldata signature)
        private
        view
    {
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
