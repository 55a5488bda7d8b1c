// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IForecastRegistry} from "../contracts/interfaces/IForecastRegistry.sol";
import {RegistryFixture} from "./RegistryFixture.sol";
import {Wallet, vm} from "./support/Vm.sol";

/// @dev Who may seal, who decides that, and how an authority signs.
contract AuthoritiesTest is RegistryFixture {
    function test_registering_and_revoking_are_told_by_events() public {
        vm.expectEmit(true, true, true, true, address(registry));
        emit IForecastRegistry.AuthorityRegistered(vm.addr(5), IForecastRegistry.SignerKind.Account);
        registry.registerAuthority(vm.addr(5), IForecastRegistry.SignerKind.Account);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IForecastRegistry.AuthorityRevoked(vm.addr(5));
        registry.revokeAuthority(vm.addr(5));
        check(registry.signerKind(vm.addr(5)) == IForecastRegistry.SignerKind.None, "gone");
    }

    function testFuzz_only_the_owner_decides(address stranger) public {
        vm.assume(stranger != address(this));
        bytes memory reason = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger);
        vm.expectRevert(reason);
        vm.prank(stranger);
        registry.registerAuthority(stranger, IForecastRegistry.SignerKind.Account);
        vm.expectRevert(reason);
        vm.prank(stranger);
        registry.revokeAuthority(authority);
    }

    function test_ownership_moves_in_two_steps() public {
        registry.transferOwnership(vm.addr(9));
        check(registry.owner() == address(this), "not yet");
        vm.prank(vm.addr(9));
        registry.acceptOwnership();
        check(registry.owner() == vm.addr(9), "moved");
    }

    function test_an_authority_is_registered_once() public {
        vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.AlreadyRegistered.selector, authority));
        registry.registerAuthority(authority, IForecastRegistry.SignerKind.Account);
    }

    function test_a_kind_that_does_not_fit_is_refused() public {
        IForecastRegistry.SignerKind none = IForecastRegistry.SignerKind.None;
        IForecastRegistry.SignerKind wallet = IForecastRegistry.SignerKind.Contract;
        IForecastRegistry.SignerKind account = IForecastRegistry.SignerKind.Account;
        vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.WrongSignerKind.selector, vm.addr(5), none));
        registry.registerAuthority(vm.addr(5), none);
        vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.WrongSignerKind.selector, vm.addr(5), wallet));
        registry.registerAuthority(vm.addr(5), wallet);
        vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.WrongSignerKind.selector, address(0), account));
        registry.registerAuthority(address(0), account);
    }

    function test_revoking_a_stranger_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.UnknownAuthority.selector, vm.addr(5)));
        registry.revokeAuthority(vm.addr(5));
    }

    function test_what_a_revoked_authority_recorded_stays_and_nothing_is_added() public {
        IForecastRegistry.ForecastBatch memory batch = aBatch();
        notarize(batch);
        registry.revokeAuthority(authority);
        check(registry.record(authority, batch.productId, SLOT) == registry.hashBatch(batch), "stays");
        batch = aBatch();
        batch.version = 2;
        refuse(batch, abi.encodeWithSelector(IForecastRegistry.UnknownAuthority.selector, authority));
    }

    function test_a_registered_again_authority_cannot_replay_its_old_batches() public {
        IForecastRegistry.ForecastBatch memory batch = aBatch();
        notarize(batch);
        registry.revokeAuthority(authority);
        registry.registerAuthority(authority, IForecastRegistry.SignerKind.Account);
        refuse(batch, abi.encodeWithSelector(IForecastRegistry.WrongNonce.selector, 1, 0));
    }

    function test_a_wallet_contract_signs_by_its_owner_only() public {
        address wallet = address(new Wallet(vm.addr(11)));
        registry.registerAuthority(wallet, IForecastRegistry.SignerKind.Contract);
        IForecastRegistry.ForecastBatch memory batch = batchOf(wallet);
        bytes memory foreign = signedBy(12, batch);
        vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.BadSignature.selector, wallet));
        registry.notarize(batch, wallet, foreign);
        registry.notarize(batch, wallet, signedBy(11, batch));
        check(registry.nextNonce(wallet) == 1, "sealed");
    }

    function test_a_signature_does_not_count_for_another_authority_of_the_same_owner() public {
        (address first, address second) = (address(new Wallet(vm.addr(11))), address(new Wallet(vm.addr(11))));
        registry.registerAuthority(first, IForecastRegistry.SignerKind.Contract);
        registry.registerAuthority(second, IForecastRegistry.SignerKind.Contract);
        IForecastRegistry.ForecastBatch memory batch = batchOf(first);
        bytes memory signature = signedBy(11, batch);
        bytes32 wanted = bytes32(uint256(uint160(second)));
        vm.expectRevert(
            abi.encodeWithSelector(IForecastRegistry.WrongPreviousBatch.selector, wanted, batch.prevBatch)
        );
        registry.notarize(batch, second, signature);
        registry.notarize(batch, first, signature);
    }

    function test_what_a_wallet_signed_counts_also_after_it_signs_no_more() public {
        address wallet = address(new Wallet(vm.addr(11)));
        registry.registerAuthority(wallet, IForecastRegistry.SignerKind.Contract);
        IForecastRegistry.ForecastBatch memory batch = batchOf(wallet);
        registry.notarize(batch, wallet, signedBy(11, batch));
        vm.etch(wallet, hex"00");
        check(registry.record(wallet, batch.productId, SLOT) == registry.hashBatch(batch), "stays");
        batch = batchOf(wallet);
        batch.slot += 900;
        bytes memory signature = signedBy(11, batch);
        vm.expectRevert(abi.encodeWithSelector(IForecastRegistry.BadSignature.selector, wallet));
        registry.notarize(batch, wallet, signature);
    }

    function test_an_account_that_delegates_code_still_signs_as_an_account() public {
        vm.etch(authority, address(new Wallet(address(1))).code);
        notarize(aBatch());
    }
}
