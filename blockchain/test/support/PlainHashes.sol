// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @dev What most "put it on a blockchain" demos do: one hash, one transaction. The bench measures us beside it.
contract PlainHashes {
    mapping(bytes32 digest => uint64) public recordedAt;

    event HashRecorded(bytes32 indexed digest, address indexed sender);

    function record(bytes32 digest) external {
        require(recordedAt[digest] == 0, "recorded already");
        recordedAt[digest] = uint64(block.timestamp);
        emit HashRecorded(digest, msg.sender);
    }
}
