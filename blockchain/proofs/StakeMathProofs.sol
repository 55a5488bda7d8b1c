// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {StakeMath} from "../contracts/StakeMath.sol";

/// @dev What holds for every input of the sizes named, not for samples: read by halmos (`npm run prove`), never run.
/// What a quotient of two unknown products is at most stayed open with the solver: fuzz tests have that.
contract StakeMathProofs {
    uint256 private constant ONE = 1e18;

    function check_what_is_split_is_the_amount(uint32 amount, uint32 active, uint32 leaving) public pure {
        if (amount == 0 || uint256(amount) > uint256(active) + leaving) return;
        (uint256 fromActive, uint256 fromLeaving) = StakeMath.split(amount, active, leaving);
        assert(fromActive + fromLeaving == amount);
    }

    function check_nothing_is_taken_up_to_the_threshold(
        uint256 stake,
        uint256 score,
        uint256 free,
        uint32 slopeBps,
        uint32 capBps
    ) public pure {
        if (score <= free) assert(StakeMath.penalty(stake, score, free, slopeBps, capBps, ONE) == 0);
    }

    function check_who_is_better_has_merit_and_nobody_else(uint96 stake, uint64 score, uint64 benchmark) public pure {
        if (score > ONE || benchmark > ONE) return;
        uint256 merit = StakeMath.merit(stake, score, benchmark);
        assert((merit != 0) == (stake != 0 && score < benchmark));
    }
}
