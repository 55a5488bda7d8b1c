// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IForecastRegistry} from "./interfaces/IForecastRegistry.sol";

/// @title Who may seal, and the chain of batches of each.
/// @notice The owner decides who may seal from now on, and nothing else. Ownership moves in two steps.
abstract contract Authorities is IForecastRegistry, EIP712, Ownable2Step {
    /// @dev One storage slot. The nonce outlives a revocation.
    struct Signer {
        SignerKind kind;
        uint248 nonce;
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
    function signerKind(address authority) external view returns (SignerKind) {
        return _signers[authority].kind;
    }

    /// @inheritdoc IForecastRegistry
    function nextNonce(address authority) external view returns (uint256) {
        return _signers[authority].nonce;
    }

    /// @inheritdoc IForecastRegistry
    function digestOf(ForecastBatch calldata batch) external view returns (bytes32) {
        return _hashTypedDataV4(hashBatch(batch));
    }

    /// @inheritdoc IForecastRegistry
    function hashBatch(ForecastBatch calldata batch) public pure returns (bytes32) {
        return keccak256(abi.encode(BATCH_TYPEHASH, batch));
    }

    /// @dev Takes a batch that the authority signed, and that follows its last one, as its newest.
    function _link(ForecastBatch calldata batch, address authority, bytes calldata signature)
        internal
        returns (bytes32 batchHash)
    {
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
