// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Guarded} from "./Guarded.sol";
import {IForecastRegistry} from "./interfaces/IForecastRegistry.sol";
import {IOperations} from "./interfaces/IOperations.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {IStakePool} from "./interfaces/IStakePool.sol";

/// @title Who takes part in a product, and on what terms, from which slot on.
/// @dev Nothing here changes what applies to a slot that has begun.
abstract contract Memberships is ISettlement, Guarded {
    /// @dev Takes part in slots from `from` until before `until`. One storage slot.
    struct Member {
        address authority;
        uint48 from;
        uint48 until;
    }

    /// @dev Terms for `fromSlot` and later slots.
    struct TermsFrom {
        uint64 fromSlot;
        Terms terms;
    }

    /// @notice As many authorities can take part in a product: a round settles all in one transaction.
    uint256 public constant MAX_MEMBERS = 32;
    uint256 internal constant BPS = 10_000;

    /// @notice Where authorities are registered and batches recorded.
    IForecastRegistry public immutable registry;
    /// @notice Where the stakes are.
    IStakePool public immutable pool;

    mapping(bytes32 productId => Member[]) private _members;
    mapping(bytes32 productId => TermsFrom[]) private _terms;

    constructor(IOperations operations_, IForecastRegistry registry_, IStakePool pool_)
        Guarded(IAccessControl(address(operations_)))
    {
        if (address(registry_).code.length == 0 || address(pool_).code.length == 0) revert BadSetting();
        registry = registry_;
        pool = pool_;
    }

    /// @inheritdoc ISettlement
    function setTerms(bytes32 productId, uint64 fromSlot, Terms calldata terms) external onlyRole(ADMIN_ROLE) {
        TermsFrom[] storage all = _terms[productId];
        uint256 unbonding = pool.unbonding();
        bool inRange = terms.benchmark != address(0) && terms.capBps <= BPS && terms.revealWindow != 0
            && terms.gateWindow < unbonding && terms.revealWindow < unbonding;
        uint256 earliest = block.timestamp + 1;
        if (all.length != 0) earliest = block.timestamp + unbonding;
        bool ascending = all.length == 0 || fromSlot > all[all.length - 1].fromSlot;
        if (!inRange || !ascending || fromSlot < earliest) revert BadTerms();
        all.push(TermsFrom(fromSlot, terms));
        emit TermsSet(productId, fromSlot, terms);
    }

    /// @inheritdoc ISettlement
    function join(bytes32 productId) external whenNotPaused {
        bool known = registry.signerKind(msg.sender) != IForecastRegistry.SignerKind.None;
        if (!known || pool.activeOf(msg.sender) == 0) revert CannotJoin(msg.sender);

        Member[] storage members = _members[productId];
        uint256 count = members.length;
        uint256 place = count;
        // Who left keeps its place as long as a round can still be opened that it is in.
        uint256 unbonding = pool.unbonding();
        for (uint256 i; i < count; ++i) {
            bool over = members[i].until + unbonding < block.timestamp;
            if (over) place = i;
            else if (members[i].authority == msg.sender) revert CannotJoin(msg.sender);
        }
        uint48 from = uint48(block.timestamp) + 1;
        Member memory member = Member(msg.sender, from, type(uint48).max);
        if (place < count) members[place] = member;
        else if (count < MAX_MEMBERS) members.push(member);
        else revert ProductFull(productId);
        emit Joined(productId, msg.sender, from);
    }

    /// @inheritdoc ISettlement
    function leave(bytes32 productId) external {
        Member[] storage members = _members[productId];
        for (uint256 i; i < members.length; ++i) {
            Member storage member = members[i];
            if (member.authority != msg.sender || member.until != type(uint48).max) continue;
            uint48 until = uint48(block.timestamp) + 1;
            member.until = until;
            emit Left(productId, msg.sender, until);
            return;
        }
        revert NotIn(msg.sender);
    }

    /// @inheritdoc ISettlement
    function termsOf(bytes32 productId, uint64 slot) public view returns (Terms memory) {
        TermsFrom[] storage all = _terms[productId];
        for (uint256 i = all.length; i > 0; --i) {
            if (all[i - 1].fromSlot <= slot) return all[i - 1].terms;
        }
        revert NoTerms(productId, slot);
    }

    /// @dev Who takes part in a slot, by the memberships as they are now.
    function _membersAt(bytes32 productId, uint64 slot) internal view returns (address[] memory found) {
        Member[] storage members = _members[productId];
        uint256 count = members.length;
        address[] memory list = new address[](count);
        uint256 size;
        for (uint256 i; i < count; ++i) {
            Member memory member = members[i];
            if (member.from <= slot && slot < member.until) list[size++] = member.authority;
        }
        found = new address[](size);
        for (uint256 i; i < size; ++i) {
            found[i] = list[i];
        }
    }
}
