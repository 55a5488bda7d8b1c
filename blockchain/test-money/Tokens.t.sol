// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ActualsRegistry} from "../contracts/ActualsRegistry.sol";
import {StakePool} from "../contracts/StakePool.sol";
import {Treasury} from "../contracts/Treasury.sol";
import {IActualsRegistry} from "../contracts/interfaces/IActualsRegistry.sol";
import {IStakePool} from "../contracts/interfaces/IStakePool.sol";
import {Attacker, FeeToken, HookToken} from "./Tokens.sol";
import {vm} from "../test/support/Vm.sol";
import {MoneyFixture} from "./MoneyFixture.sol";

/// @dev Tokens that are not what they should be: fees on transfers, and calls back in the middle.
contract TokensTest is MoneyFixture {
    FeeToken internal fees;
    HookToken internal hooks;
    Attacker internal attacker;

    function setUp() public override {
        super.setUp();
        vm.warp(SLOT + 1 days);
    }

    function withFees() internal {
        fees = new FeeToken();
        pool = new StakePool(operations, fees, UNBONDING, MODULE_DELAY);
        actuals = new ActualsRegistry(operations, fees, pool, arbiter, BOND, DISPUTE_WINDOW, RULING_WINDOW);
        allow(address(fees), PROVIDER);
        allow(address(fees), CHALLENGER);
        allow(address(fees), ALICE);
    }

    function withHooks() internal {
        hooks = new HookToken();
        pool = new StakePool(operations, hooks, UNBONDING, MODULE_DELAY);
        actuals = new ActualsRegistry(operations, hooks, pool, arbiter, BOND, DISPUTE_WINDOW, RULING_WINDOW);
        attacker = new Attacker();
        allow(address(hooks), address(attacker));
        operations.grantRole(operations.PROVIDER_ROLE(), address(attacker));
        vm.deal(address(attacker), 1 ether);
    }

    function allow(address money, address account) internal {
        FeeToken(money).mint(account, 1_000_000e18);
        vm.startPrank(account);
        FeeToken(money).approve(address(pool), type(uint256).max);
        FeeToken(money).approve(address(actuals), type(uint256).max);
        vm.stopPrank();
    }

    function test_a_stake_is_credited_with_what_arrived() public {
        withFees();
        same(back(ALICE, 1_000), 990e6, "shares of what arrived");
        same(pool.stakeOf(ALICE), 990, "stake");
        same(fees.balanceOf(address(pool)), 990, "tokens");
        vm.prank(ALICE);
        pool.fundTreasury(100);
        same(pool.treasury(), 99, "treasury too");
    }

    function test_bonds_are_what_arrived_and_equal() public {
        withFees();
        propose();
        uint256 bond = actuals.actuals(PRODUCT, SLOT, 1).bond;
        same(bond, 991, "less the fee");
        fees.setFee(50);
        dispute(1);
        same(actuals.owed(CHALLENGER), 5, "what is more than the bond is given back");
        vm.prank(JUDGE);
        arbiter.giveRuling(0, 2);
        same(actuals.owed(CHALLENGER), 5 + 991 + 495, "won");
        same(actuals.treasuryDue(), 496, "lost");
        same(fees.balanceOf(address(actuals)), 5 + 991 * 2, "tokens");
        same(actuals.payTreasury(), 496, "sent");
        same(pool.treasury(), fees.balanceOf(address(pool)), "arrived");
    }

    function test_a_bond_smaller_than_the_other_sides_is_refused() public {
        withFees();
        propose();
        fees.setFee(200);
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.BondTooSmall.selector, 991, 981));
        dispute(1);
        fees.setFee(10_000);
        vm.warp(block.timestamp + DISPUTE_WINDOW);
        actuals.finalize(PRODUCT, SLOT);
        vm.expectRevert(abi.encodeWithSelector(IActualsRegistry.BondTooSmall.selector, 1, 0));
        propose();
    }

    function attack(address to, bytes memory call, address target, bytes memory again) internal {
        attacker.prepare(target, again);
        attacker.act(to, call);
        check(attacker.tried(), "the token called back");
        check(!attacker.succeeded(), "nothing came of it");
        check(
            bytes4(attacker.answer()) == ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector,
            "because of the guard"
        );
    }

    function test_nobody_comes_back_into_the_pool() public {
        withHooks();
        address self = address(attacker);
        bytes memory deposit = abi.encodeCall(IStakePool.deposit, (self, 100));
        attack(address(pool), deposit, address(pool), deposit);
        attack(address(pool), deposit, address(pool), abi.encodeCall(IStakePool.startUnbonding, (self, 1)));
        bytes memory fund = abi.encodeCall(IStakePool.fundTreasury, (10));
        attack(address(pool), fund, address(pool), fund);

        attacker.act(address(pool), abi.encodeCall(IStakePool.startUnbonding, (self, 50e6)));
        attacker.act(address(pool), abi.encodeCall(IStakePool.startUnbonding, (self, 50e6)));
        vm.warp(block.timestamp + UNBONDING);
        bytes memory second = abi.encodeCall(IStakePool.withdraw, (2));
        attack(address(pool), abi.encodeCall(IStakePool.withdraw, (1)), address(pool), second);

        operations.grantRole(operations.GUARDIAN_ROLE(), self);
        attacker.prepare(address(pool), abi.encodeCall(Treasury.spendTreasury, (self, 1)));
        pool.spendTreasury(self, 1);
        check(attacker.tried() && !attacker.succeeded(), "nor through the treasury");
        same(
            hooks.balanceOf(address(pool)), pool.stakeOf(self) + pool.treasury(), "to the wei"
        );
    }

    function test_no_module_comes_back_into_the_pool() public {
        withHooks();
        pool.proposeSettlement(address(attacker));
        pool.changeSettlement();
        address[] memory nobody = new address[](0);
        uint256[] memory nothing = new uint256[](0);
        bytes memory move = abi.encodeCall(IStakePool.redistribute, (nobody, nothing, nobody, nothing));
        attack(address(pool), abi.encodeCall(IStakePool.deposit, (address(attacker), 5)), address(pool), move);
    }

    function test_nobody_comes_back_into_the_registry() public {
        withHooks();
        bytes memory withdraw = abi.encodeCall(IActualsRegistry.withdraw, ());
        bytes memory propose_ =
            abi.encodeCall(IActualsRegistry.propose, (PRODUCT, SLOT, keccak256("actuals"), uint32(24)));
        attack(address(actuals), propose_, address(actuals), withdraw);
        bytes memory dispute_ = abi.encodeCall(IActualsRegistry.dispute, (PRODUCT, SLOT, 1, keccak256("e")));
        attacker.prepare(address(actuals), abi.encodeCall(IActualsRegistry.finalize, (PRODUCT, SLOT)));
        attacker.act{value: COST}(address(actuals), dispute_);
        check(attacker.tried() && !attacker.succeeded(), "dispute");
        vm.warp(block.timestamp + RULING_WINDOW);
        actuals.expire(PRODUCT, SLOT);
        attack(address(actuals), withdraw, address(actuals), withdraw);
        same(hooks.balanceOf(address(actuals)), 0, "paid once");
        attack(
            address(actuals),
            abi.encodeCall(IActualsRegistry.propose, (PRODUCT, SLOT, keccak256("actuals"), uint32(24))),
            address(actuals),
            abi.encodeCall(IActualsRegistry.payTreasury, ())
        );
        attacker.prepare(address(actuals), abi.encodeCall(IActualsRegistry.expire, (PRODUCT, SLOT)));
        attacker.act{value: COST}(
            address(actuals), abi.encodeCall(IActualsRegistry.dispute, (PRODUCT, SLOT, 2, keccak256("e")))
        );
        check(!attacker.succeeded(), "expire");
    }
}
