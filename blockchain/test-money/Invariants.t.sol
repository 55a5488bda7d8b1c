// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {FeeToken, HookToken} from "./Tokens.sol";
import {Mintable, MoneyHandler} from "./MoneyHandler.sol";

/// @dev What holds after any sequence of calls by anybody.
abstract contract MoneyInvariants {
    MoneyHandler internal handler;

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_the_pool_holds_stakes_and_treasury_to_the_wei() public view {
        uint256 balance = handler.token().balanceOf(address(handler.pool()));
        require(balance == handler.stakes() + handler.pool().treasury() + handler.donated(), "pool");
    }

    function invariant_the_registry_holds_bonds_and_debts_to_the_wei() public view {
        uint256 balance = handler.token().balanceOf(address(handler.actuals()));
        uint256 due = handler.actuals().treasuryDue();
        require(balance == handler.openBonds() + handler.owedToAll() + due, "actuals");
    }

    function invariant_no_claims_beyond_the_stake() public view {
        for (uint256 i; i < handler.authorityCount(); ++i) {
            address authority = handler.authorities(i);
            require(handler.claims(authority) <= handler.pool().stakeOf(authority), "claims");
            require(handler.pool().activeOf(authority) <= handler.pool().stakeOf(authority), "active");
        }
    }

    function invariant_nothing_is_made_or_lost() public view {
        require(handler.held() == handler.token().totalSupply(), "supply");
    }

    function invariant_nobody_comes_back_in() public view {
        require(bytes(handler.broken()).length == 0, handler.broken());
    }
}

contract HookTokenInvariants is MoneyInvariants {
    function setUp() public {
        handler = new MoneyHandler(Mintable(address(new HookToken())));
    }
}

contract FeeTokenInvariants is MoneyInvariants {
    function setUp() public {
        handler = new MoneyHandler(Mintable(address(new FeeToken())));
    }
}
