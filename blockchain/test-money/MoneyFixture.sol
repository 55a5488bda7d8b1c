// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {ActualsRegistry} from "../contracts/ActualsRegistry.sol";
import {Arbiter} from "../contracts/Arbiter.sol";
import {Operations} from "../contracts/Operations.sol";
import {StakePool} from "../contracts/StakePool.sol";
import {IActualsRegistry} from "../contracts/interfaces/IActualsRegistry.sol";
import {LocalToken} from "../contracts/local/LocalToken.sol";
import {vm} from "../test/support/Vm.sol";

/// @dev Roles, a token, a pool and actuals, with this contract as admin and as settlement module.
abstract contract MoneyFixture {
    uint64 internal constant SLOT = 1_780_272_000;
    bytes32 internal constant PRODUCT = keccak256("site-6h");
    uint64 internal constant UNBONDING = 14 days;
    uint64 internal constant MODULE_DELAY = 21 days;
    uint64 internal constant DISPUTE_WINDOW = 1 days;
    uint64 internal constant RULING_WINDOW = 3 days;
    uint256 internal constant BOND = 1_001;
    uint256 internal constant COST = 0.01 ether;

    address internal constant PROVIDER = address(0x9101);
    address internal constant CHALLENGER = address(0x9102);
    address internal constant GUARDIAN = address(0x9103);
    address internal constant OPERATOR = address(0x9104);
    address internal constant JUDGE = address(0x9105);
    address internal constant ALICE = address(0xA11CE);
    address internal constant BOB = address(0xB0B);

    Operations internal operations;
    LocalToken internal token;
    StakePool internal pool;
    Arbiter internal arbiter;
    ActualsRegistry internal actuals;

    function setUp() public virtual {
        vm.warp(SLOT - 1 days);
        operations = new Operations(2 days, address(this));
        operations.grantRole(operations.PROVIDER_ROLE(), PROVIDER);
        operations.grantRole(operations.GUARDIAN_ROLE(), GUARDIAN);
        operations.grantRole(operations.OPERATOR_ROLE(), OPERATOR);
        token = new LocalToken(address(this));
        pool = new StakePool(operations, token, UNBONDING, MODULE_DELAY);
        arbiter = new Arbiter(JUDGE, COST);
        actuals = new ActualsRegistry(operations, token, pool, arbiter, BOND, DISPUTE_WINDOW, RULING_WINDOW);
        fund(PROVIDER);
        fund(CHALLENGER);
        fund(ALICE);
        fund(BOB);
    }

    function fund(address account) internal {
        token.mint(account, 1_000_000e18);
        vm.startPrank(account);
        token.approve(address(pool), type(uint256).max);
        token.approve(address(actuals), type(uint256).max);
        vm.stopPrank();
        vm.deal(account, 10 ether);
    }

    function back(address authority, uint256 amount) internal returns (uint256 shares) {
        vm.prank(authority);
        shares = pool.deposit(authority, amount);
    }

    function settleByThis() internal {
        pool.proposeSettlement(address(this));
        pool.changeSettlement();
    }

    function one(address account) internal pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }

    function one(uint256 amount) internal pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = amount;
    }

    function move(address from, uint256 taken, address to, uint256 given) internal returns (uint256, uint256) {
        return pool.redistribute(one(from), one(taken), one(to), one(given));
    }

    function propose() internal returns (uint32) {
        vm.prank(PROVIDER);
        return actuals.propose(PRODUCT, SLOT, keccak256("actuals"), 24);
    }

    function dispute(uint32 version) internal {
        vm.prank(CHALLENGER);
        actuals.dispute{value: COST}(PRODUCT, SLOT, version, keccak256("evidence"));
    }

    function status(uint32 version) internal view returns (IActualsRegistry.Status) {
        return actuals.actuals(PRODUCT, SLOT, version).status;
    }

    function refusedFor(address account, bytes32 role) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, account, role);
    }

    function check(bool condition, string memory what) internal pure {
        require(condition, what);
    }

    function same(uint256 a, uint256 b, string memory what) internal pure {
        require(a == b, what);
    }
}
