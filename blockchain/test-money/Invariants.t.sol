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

    /// @dev One campaign asks everything after each call: five of them would spend the time five times.
    function invariant_every_wei_is_somewhere_and_nobody_comes_back_in() public view {
        the_pool_holds_stakes_and_treasury_to_the_wei();
        the_registry_holds_bonds_and_debts_to_the_wei();
        there_are_no_claims_beyond_a_stake();
        require(handler.held() == handler.token().totalSupply(), "something is made or lost");
        require(bytes(handler.broken()).length == 0, handler.broken());
    }

    function the_pool_holds_stakes_and_treasury_to_the_wei() private view {
        uint256 balance = handler.token().balanceOf(address(handler.pool()));
        require(balance == handler.stakes() + handler.pool().treasury() + handler.donated(), "pool");
    }

    function the_registry_holds_bonds_and_debts_to_the_wei() private view {
        uint256 balance = handler.token().balanceOf(address(handler.actuals()));
        uint256 due = handler.actuals().treasuryDue();
        require(balance == handler.openBonds() + handler.owedToAll() + due, "actuals");
    }

    function there_are_no_claims_beyond_a_stake() private view {
        uint256[] memory claims = handler.claims();
        for (uint256 i; i < claims.length; ++i) {
            address authority = handler.authorities(i);
            uint256 stake = handler.pool().stakeOf(authority);
            require(claims[i] <= stake, "claims");
            require(handler.pool().activeOf(authority) <= stake, "active");
        }
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
