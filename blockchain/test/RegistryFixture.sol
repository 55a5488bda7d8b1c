// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {ForecastRegistry} from "../contracts/ForecastRegistry.sol";
import {IForecastRegistry} from "../contracts/interfaces/IForecastRegistry.sol";
import {vm} from "./support/Vm.sol";

/// @dev A registry with one authority, and batches that it would accept.
abstract contract RegistryFixture {
    uint64 internal constant SLOT = 1_780_272_000;
    uint64 internal constant GATE = SLOT + 900;
    uint256 internal constant KEY = 0xA11CE;

    ForecastRegistry internal registry;
    address internal authority;

    function setUp() public virtual {
        vm.warp(SLOT + 60);
        registry = new ForecastRegistry(address(this));
        authority = vm.addr(KEY);
        registry.registerAuthority(authority, IForecastRegistry.SignerKind.Account);
    }

    function aBatch() internal view returns (IForecastRegistry.ForecastBatch memory) {
        return batchOf(authority);
    }

    function batchOf(address signer) internal view returns (IForecastRegistry.ForecastBatch memory batch) {
        batch.root = keccak256("root");
        batch.leafCount = 24;
        batch.productId = keccak256("site-6h");
        batch.regionId = keccak256("fr-grand-est");
        batch.slot = SLOT;
        batch.version = 1;
        batch.levelsHash = keccak256("levels");
        batch.modelHash = keccak256("model");
        batch.featureHash = keccak256("features");
        batch.issuedAt = SLOT + 60;
        batch.gateClosure = GATE;
        batch.deliveryStart = GATE;
        batch.prevBatch = registry.lastBatch(signer);
        batch.nonce = registry.nextNonce(signer);
    }

    function signed(IForecastRegistry.ForecastBatch memory batch) internal view returns (bytes memory) {
        return signedBy(KEY, batch);
    }

    function signedBy(uint256 key, IForecastRegistry.ForecastBatch memory batch) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, registry.digestOf(batch));
        return abi.encodePacked(r, s, v);
    }

    function notarize(IForecastRegistry.ForecastBatch memory batch) internal {
        registry.notarize(batch, authority, signed(batch));
    }

    function notarizeAgain(
        IForecastRegistry.ForecastBatch memory batch,
        IForecastRegistry.ForecastBatch memory previous
    ) internal {
        registry.notarizeAgain(batch, previous, authority, signed(batch));
    }

    function refuseAgain(
        IForecastRegistry.ForecastBatch memory batch,
        IForecastRegistry.ForecastBatch memory previous,
        bytes memory reason
    ) internal {
        bytes memory signature = signed(batch);
        vm.expectRevert(reason);
        registry.notarizeAgain(batch, previous, authority, signature);
    }

    function refuse(IForecastRegistry.ForecastBatch memory batch, bytes memory reason) internal {
        bytes memory signature = signed(batch);
        vm.expectRevert(reason);
        registry.notarize(batch, authority, signature);
    }

    function check(bool condition, string memory what) internal pure {
        require(condition, what);
    }
}
