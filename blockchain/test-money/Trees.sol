// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @dev Merkle trees as OpenZeppelin's StandardMerkleTree builds them from leaves in a given order.
library Trees {
    /// @dev Heap of 2n - 1 nodes, root first, leaf i at 2n - 2 - i.
    function build(bytes32[] memory leaves) internal pure returns (bytes32[] memory nodes) {
        uint256 count = leaves.length;
        nodes = new bytes32[](2 * count - 1);
        for (uint256 i; i < count; ++i) {
            nodes[2 * count - 2 - i] = leaves[i];
        }
        for (uint256 i = count - 1; i > 0; --i) {
            nodes[i - 1] = pair(nodes[2 * i - 1], nodes[2 * i]);
        }
    }

    function rootOf(bytes32[] memory leaves) internal pure returns (bytes32) {
        return build(leaves)[0];
    }

    /// @dev What leads from the leaves at `picks`, ascending, to the root.
    function multiProof(bytes32[] memory leaves, uint256[] memory picks)
        internal
        pure
        returns (bytes32[] memory proof, bool[] memory flags)
    {
        bytes32[] memory nodes = build(leaves);
        uint256[] memory queue = new uint256[](nodes.length + picks.length);
        uint256 head;
        uint256 tail;
        for (uint256 i; i < picks.length; ++i) {
            queue[tail++] = 2 * leaves.length - 2 - picks[i];
        }
        bytes32[] memory siblings = new bytes32[](nodes.length);
        bool[] memory marks = new bool[](nodes.length);
        uint256 proofs;
        uint256 steps;
        while (head < tail && queue[head] > 0) {
            uint256 at = queue[head++];
            uint256 sibling = at % 2 == 1 ? at + 1 : at - 1;
            marks[steps] = head < tail && queue[head] == sibling;
            if (marks[steps]) ++head;
            else siblings[proofs++] = nodes[sibling];
            ++steps;
            queue[tail++] = (at - 1) / 2;
        }
        proof = new bytes32[](proofs);
        flags = new bool[](steps);
        for (uint256 i; i < proofs; ++i) {
            proof[i] = siblings[i];
        }
        for (uint256 i; i < steps; ++i) {
            flags[i] = marks[i];
        }
    }

    function pair(bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return a < b ? keccak256(bytes.concat(a, b)) : keccak256(bytes.concat(b, a));
    }
}
