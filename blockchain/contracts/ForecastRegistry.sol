// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Authorities} from "./Authorities.sol";
import {Leaves} from "./Leaves.sol";
import {IForecastRegistry} from "./interfaces/IForecastRegistry.sol";

/// @title Immutable registry of sealed forecast runs.
/// @notice The owner decides who may seal from now on, and nothing else: there is no proxy, no pause and no
/// function that touches a record. Ownership moves in two steps.
contract ForecastRegistry is Authorities {
    /// @dev One storage slot is written per slot; the list costs something only if the slot is recorded again.
    struct Entry {
        bytes32 batchHash;
        bytes32[] replaced;
    }

    mapping(address authority => mapping(bytes32 productId => mapping(uint64 slot => Entry))) private _entries;

    constructor(address admin) Authorities(admin) {}

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
        returns (bytes32)
    {
        _checkTimes(batch);
        return _link(batch, authority, signature);
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
}
