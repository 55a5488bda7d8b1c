// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {StakeMath} from "../contracts/StakeMath.sol";
import {vm} from "../test/support/Vm.sol";

/// @dev The arithmetic alone, over all numbers that tokens can have.
contract StakeMathTest {
    using StakeMath for StakeMath.Bucket;

    uint256 private constant ONE = 1e18;

    function aBucket(uint128 stake, uint128 shares) internal pure returns (StakeMath.Bucket memory) {
        return StakeMath.Bucket(uint256(stake) + 1, uint256(shares) + 1, 0);
    }

    function test_the_first_wei_buys_a_million_shares() public pure {
        StakeMath.Bucket memory empty;
        require(empty.sharesFor(7) == 7e6, "first");
        require(empty.worth(7) == 0, "nothing is worth nothing");
    }

    /// @dev Amounts are under 2**120, so that shares fit into a word even where one wei stands for 2**128 of them;
    /// beyond, a deposit reverts.
    function testFuzz_coming_and_going_never_pays(uint128 stake, uint128 shares, uint120 amount) public pure {
        StakeMath.Bucket memory bucket = aBucket(stake, shares);
        uint256 minted = bucket.sharesFor(amount);
        bucket.stake += amount;
        bucket.shares += minted;
        require(bucket.worth(minted) <= amount, "gained");
    }

    function testFuzz_who_stays_never_loses_to_who_comes_or_goes(
        uint128 stake,
        uint128 shares,
        uint120 amount,
        uint128 mine
    ) public pure {
        StakeMath.Bucket memory bucket = aBucket(stake, shares);
        uint256 kept = uint256(mine) % bucket.shares;
        uint256 before = bucket.worth(kept);
        uint256 minted = bucket.sharesFor(amount);
        bucket.stake += amount;
        bucket.shares += minted;
        require(bucket.worth(kept) >= before, "lost to who came");
        uint256 leaving = bucket.shares - kept;
        uint256 out = bucket.worth(leaving);
        bucket.stake -= out;
        bucket.shares -= leaving;
        require(bucket.worth(kept) >= before, "lost to who went");
    }

    function testFuzz_a_split_is_whole_and_fits(uint128 amount, uint128 active, uint128 leaving) public pure {
        uint256 total = uint256(active) + leaving;
        vm.assume(total != 0);
        uint256 taken = uint256(amount) % total + 1;
        (uint256 fromActive, uint256 fromLeaving) = StakeMath.split(taken, active, leaving);
        require(fromActive + fromLeaving == taken, "whole");
        require(fromActive <= active && fromLeaving <= leaving, "fits");
    }

    function testFuzz_a_penalty_is_linear_from_zero_to_the_cap(
        uint128 stake,
        uint64 score,
        uint64 free,
        uint32 slopeBps,
        uint16 capBps
    ) public pure {
        uint256 worst = uint256(score) % (ONE + 1);
        uint256 cap = uint256(capBps) % 10_001;
        uint256 taken = StakeMath.penalty(stake, worst, free, slopeBps, cap, ONE);
        require(taken <= uint256(stake) * cap / 10_000, "cap");
        if (worst <= free) require(taken == 0, "free");
        if (worst < ONE) {
            require(StakeMath.penalty(stake, worst + 1, free, slopeBps, cap, ONE) >= taken, "never less for worse");
        }
        uint256 line = worst <= free ? 0 : uint256(stake) * slopeBps * (worst - free) / (10_000 * ONE);
        require(taken == line || taken == uint256(stake) * cap / 10_000, "on the line or at the cap");
        require(taken <= line, "never above the line");
    }

    function test_penalties_by_hand() public pure {
        require(StakeMath.penalty(1_000, ONE / 2, ONE / 2, 10_000, 10_000, ONE) == 0, "at the edge");
        require(StakeMath.penalty(1_000, ONE * 3 / 4, ONE / 2, 10_000, 10_000, ONE) == 250, "a quarter beyond");
        require(StakeMath.penalty(1_000, ONE * 3 / 4, ONE / 2, 20_000, 10_000, ONE) == 500, "twice as steep");
        require(StakeMath.penalty(1_000, ONE, 0, 10_000, 10_000, ONE) == 1_000, "all");
        require(StakeMath.penalty(999, ONE * 3 / 4, ONE / 2, 10_000, 10_000, ONE) == 249, "rounded down");
    }

    function test_merit_by_hand() public pure {
        require(StakeMath.merit(10, 3, 5) == 20, "stake times how much better");
        require(StakeMath.merit(10, 5, 5) == 0, "as good is not better");
        require(StakeMath.merit(10, 6, 5) == 0, "worse");
    }
}
