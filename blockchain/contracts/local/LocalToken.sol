// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title Money of a local chain, worth nothing.
/// @notice Stands where a deployment that counts names an existing ERC-20.
contract LocalToken is ERC20, Ownable {
    constructor(address minter) ERC20("Gridseal local credit", "GLC") Ownable(minter) {}

    /// @notice Makes `amount` for `to`.
    function mint(address to, uint256 amount) external onlyOwner {
        _mint(to, amount);
    }
}
