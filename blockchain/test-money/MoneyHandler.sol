// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ActualsRegistry} from "../contracts/ActualsRegistry.sol";
import {Arbiter} from "../contracts/Arbiter.sol";
import {Operations} from "../contracts/Operations.sol";
import {StakePool} from "../contracts/StakePool.sol";
import {IActualsRegistry} from "../contracts/interfaces/IActualsRegistry.sol";
import {IStakePool} from "../contracts/interfaces/IStakePool.sol";
import {Attacker, FeeToken} from "./Tokens.sol";
import {vm} from "../test/support/Vm.sol";

interface Mintable is IERC20 {
    function mint(address to, uint256 amount) external;
}

/// @dev Everybody who touches money, doing anything in any order: backers, authorities, provider, challenger, judge,
/// guardian, a module that moves stakes as it likes, strangers who give, and a contract that calls back.
contract MoneyHandler {
    uint64 internal constant START = 1_780_272_000;
    uint256 internal constant COST = 1_000;
    uint64 internal constant UNBONDING = 10 days;
    uint256 internal constant SLOTS = 3;
    bytes32 internal constant PRODUCT = keccak256("site-6h");

    Mintable public token;
    Operations public operations;
    StakePool public pool;
    Arbiter public arbiter;
    ActualsRegistry public actuals;
    Attacker public attacker;

    address[] public people;
    address[] public authorities;
    /// @dev Tokens sent to a contract without a call.
    uint256 public donated;
    /// @dev How often each action went through.
    mapping(bytes32 action => uint256) public done;
    /// @dev Says so if a call came back into the contract that it came from.
    string public broken;

    constructor(Mintable token_) {
        token = token_;
        vm.warp(START);
        operations = new Operations(1 days, address(this));
        pool = new StakePool(operations, token_, UNBONDING, UNBONDING + 1);
        arbiter = new Arbiter(address(this), COST);
        actuals = new ActualsRegistry(operations, token_, pool, arbiter, 1_001, 1 days, 2 days);
        pool.proposeSettlement(address(this));
        pool.changeSettlement();
        attacker = new Attacker();
        vm.deal(address(this), 1e24);
        people.push(address(0xA1));
        people.push(address(0xA2));
        people.push(address(0xA3));
        people.push(address(attacker));
        for (uint256 i; i < people.length; ++i) {
            authorities.push(people[i]);
            operations.grantRole(operations.PROVIDER_ROLE(), people[i]);
            token_.mint(people[i], 1e24);
            vm.deal(people[i], 1e24);
        }
        for (uint256 i; i < people.length; ++i) {
            as_(people[i], address(token_), 0, abi.encodeCall(IERC20.approve, (address(pool), type(uint256).max)));
            as_(people[i], address(token_), 0, abi.encodeCall(IERC20.approve, (address(actuals), type(uint256).max)));
            for (uint256 j; j < people.length; ++j) {
                as_(people[i], address(pool), 0, abi.encodeCall(IStakePool.admit, (people[j], true)));
            }
        }
    }

    receive() external payable {}

    function deposit(uint8 who, uint8 authority, uint96 amount) external {
        bytes memory call = abi.encodeCall(IStakePool.deposit, (authorityOf(authority), amount % 1e20));
        act("deposit", personOf(who), address(pool), 0, call);
    }

    function leave(uint8 who, uint8 authority, uint8 part) external {
        uint256 mine = pool.sharesOf(authorityOf(authority), personOf(who));
        uint256 shares = mine * (uint256(part) + 1) / 256;
        bytes memory call = abi.encodeCall(IStakePool.startUnbonding, (authorityOf(authority), shares));
        act("leave", personOf(who), address(pool), 0, call);
    }

    function withdraw(uint16 request) external {
        uint256 count = pool.requestCount();
        if (count == 0) return;
        uint256 id = request % count + 1;
        (StakePool.Request memory found,) = pool.requestOf(id);
        if (found.account == address(0)) return;
        act("withdraw", found.account, address(pool), 0, abi.encodeCall(IStakePool.withdraw, (id)));
    }

    function redistribute(uint8 from, uint8 from2, uint8 to, uint8 to2, uint96 taken, uint96 given) external {
        address[] memory payers = new address[](2);
        address[] memory payees = new address[](2);
        uint256[] memory takes = new uint256[](2);
        uint256[] memory gives = new uint256[](2);
        (payers[0], payers[1]) = (authorityOf(from), authorityOf(from2));
        (payees[0], payees[1]) = (authorityOf(to), authorityOf(to2));
        (takes[0], takes[1]) = (taken % 3e19, taken % 7e18);
        uint256 sum = takes[0] + takes[1];
        gives[0] = sum == 0 ? 0 : given % sum;
        gives[1] = (sum - gives[0]) / 2;
        pool.redistribute(payers, takes, payees, gives);
        note("redistribute", true, address(pool));
    }

    function fund(uint8 who, uint64 amount) external {
        act("fund", personOf(who), address(pool), 0, abi.encodeCall(IStakePool.fundTreasury, (amount)));
    }

    function spend(uint8 who, uint64 amount) external {
        pool.spendTreasury(personOf(who), amount % (pool.treasury() + 1));
        note("spend", true, address(pool));
    }

    function donate(uint8 who, uint64 amount) external {
        // Not more than the donation, or it could not be told apart.
        attacker.prepare(address(0), "");
        uint256 before = token.balanceOf(address(pool));
        bytes memory call = abi.encodeCall(IERC20.transfer, (address(pool), amount));
        act("donate", personOf(who), address(token), 0, call);
        donated += token.balanceOf(address(pool)) - before;
    }

    function propose(uint8 who, uint8 slot) external {
        bytes memory call = abi.encodeCall(IActualsRegistry.propose, (PRODUCT, slotOf(slot), keccak256("root"), 24));
        act("propose", personOf(who), address(actuals), 0, call);
    }

    function dispute(uint8 who, uint8 slot) external {
        uint32 version = actuals.latest(PRODUCT, slotOf(slot));
        bytes memory call = abi.encodeCall(IActualsRegistry.dispute, (PRODUCT, slotOf(slot), version, keccak256("e")));
        act("dispute", personOf(who), address(actuals), COST, call);
    }

    function judge(uint8 dispute_, uint8 ruling) external {
        uint256 count = arbiter.disputeCount();
        if (count == 0) return;
        arbiter.giveRuling(count - 1 - dispute_ % (count < 3 ? count : 3), ruling % 3);
        note("judge", true, address(actuals));
    }

    function finalize(uint8 slot) external {
        actuals.finalize(PRODUCT, slotOf(slot));
        note("finalize", true, address(actuals));
    }

    function expire(uint8 slot) external {
        actuals.expire(PRODUCT, slotOf(slot));
        note("expire", true, address(actuals));
    }

    function collect(uint8 who) external {
        act("collect", personOf(who), address(actuals), 0, abi.encodeCall(IActualsRegistry.withdraw, ()));
    }

    function payTreasury() external {
        actuals.payTreasury();
        note("payTreasury", true, address(actuals));
    }

    function pause(bool pooled, bool on) external {
        if (pooled) on ? pool.pause() : pool.unpause();
        else on ? actuals.pause() : actuals.unpause();
    }

    function pass(uint24 seconds_) external {
        vm.warp(block.timestamp + seconds_ % 5 days);
        note("pass", true, address(0));
    }

    function changeFee(uint16 bps) external {
        FeeToken(address(token)).setFee(bps % 500);
    }

    /// @dev What the attacker will try from inside the next token movement that it is part of.
    function prepareAttack(uint8 kind, uint96 amount, uint16 request) external {
        bytes memory call;
        address target = address(pool);
        uint256 choice = kind % 6;
        if (choice == 0) call = abi.encodeCall(IStakePool.deposit, (address(attacker), amount));
        if (choice == 1) call = abi.encodeCall(IStakePool.withdraw, (request));
        if (choice == 2) call = abi.encodeCall(IStakePool.startUnbonding, (address(attacker), amount));
        if (choice == 3) call = abi.encodeCall(IStakePool.fundTreasury, (amount));
        if (choice > 3) target = address(actuals);
        if (choice == 4) call = abi.encodeCall(IActualsRegistry.withdraw, ());
        if (choice == 5) call = abi.encodeCall(IActualsRegistry.payTreasury, ());
        attacker.prepare(target, call);
    }

    /// @dev Bonds of versions that are open now.
    function openBonds() external view returns (uint256 bonds) {
        for (uint256 i; i < SLOTS; ++i) {
            uint32 latest = actuals.latest(PRODUCT, slotOf(i));
            IActualsRegistry.Actuals memory version = actuals.actuals(PRODUCT, slotOf(i), latest);
            if (version.status == IActualsRegistry.Status.Proposed) bonds += version.bond;
            if (version.status == IActualsRegistry.Status.Disputed) bonds += 2 * version.bond;
        }
    }

    function owedToAll() external view returns (uint256 sum) {
        for (uint256 i; i < people.length; ++i) {
            sum += actuals.owed(people[i]);
        }
    }

    function stakes() external view returns (uint256 sum) {
        for (uint256 i; i < authorities.length; ++i) {
            sum += pool.stakeOf(authorities[i]);
        }
    }

    /// @dev What could be claimed of each authority's stake if everybody came at once.
    function claims() external view returns (uint256[] memory sums) {
        sums = new uint256[](authorities.length);
        uint256 count = pool.requestCount();
        for (uint256 id = 1; id <= count; ++id) {
            (StakePool.Request memory found, uint256 amount) = pool.requestOf(id);
            for (uint256 i; i < sums.length; ++i) {
                if (found.authority == authorities[i]) sums[i] += amount;
            }
        }
        for (uint256 i; i < sums.length; ++i) {
            for (uint256 j; j < people.length; ++j) {
                sums[i] += pool.worthOf(authorities[i], people[j]);
            }
        }
    }

    function held() external view returns (uint256 sum) {
        sum = token.balanceOf(address(pool)) + token.balanceOf(address(actuals));
        for (uint256 i; i < people.length; ++i) {
            sum += token.balanceOf(people[i]);
        }
    }

    function act(bytes32 action, address person, address to, uint256 value, bytes memory call) private {
        note(action, as_(person, to, value, call), to);
    }

    function as_(address person, address to, uint256 value, bytes memory call) private returns (bool ok) {
        if (person == address(attacker)) {
            try attacker.act{value: value}(to, call) {
                ok = true;
            } catch {}
            return ok;
        }
        vm.prank(person);
        (ok,) = to.call{value: value}(call);
    }

    function note(bytes32 action, bool ok, address outer) private {
        if (ok) ++done[action];
        if (!attacker.tried()) return;
        ++done["attack"];
        if (attacker.succeeded() && attacker.target() == outer) broken = "a call came back in";
        attacker.prepare(address(0), "");
    }

    function personOf(uint256 seed) private view returns (address) {
        return people[seed % people.length];
    }

    function authorityOf(uint256 seed) private view returns (address) {
        return authorities[seed % authorities.length];
    }

    function slotOf(uint256 seed) private pure returns (uint64) {
        return START - 1 - uint64(seed % SLOTS);
    }
}
