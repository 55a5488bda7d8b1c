// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @dev Keeps one in a hundred of each transfer.
contract FeeToken is ERC20 {
    uint256 public feeBps = 100;

    constructor() ERC20("Fee", "FEE") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setFee(uint256 bps) external {
        feeBps = bps;
    }

    function _update(address from, address to, uint256 amount) internal override {
        uint256 fee = from == address(0) || to == address(0) ? 0 : (amount * feeBps) / 10_000;
        if (fee != 0) super._update(from, address(0), fee);
        super._update(from, to, amount - fee);
    }
}

/// @dev Calls back whoever sends or receives, as hooks of ERC-777 do.
contract HookToken is ERC20 {
    constructor() ERC20("Hook", "HOOK") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from.code.length != 0) _tell(from);
        if (to.code.length != 0) _tell(to);
    }

    function _tell(address whom) private {
        // Contracts without the hook do not mind.
        (bool heard,) = whom.call(abi.encodeWithSignature("onTokens()"));
        heard;
    }
}

/// @dev Tries the prepared call again from inside each token movement, and remembers how that went.
contract Attacker {
    address public target;
    bytes public payload;
    bool public tried;
    bool public succeeded;
    bytes public answer;

    function prepare(address target_, bytes calldata payload_) external {
        (target, payload, tried, succeeded) = (target_, payload_, false, false);
    }

    function act(address to, bytes calldata data) external payable returns (bytes memory result) {
        bool done;
        (done, result) = to.call{value: msg.value}(data);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
    }

    function onTokens() external {
        if (target == address(0) || tried) return;
        tried = true;
        (succeeded, answer) = target.call(payload);
    }
}
