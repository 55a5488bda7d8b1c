// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Arithmetic of shared stakes and of what a round moves.
/// @notice Every division rounds towards the pool: what goes out is never more than what the shares stand for.
/// @dev Pure, so that it is proven and fuzzed apart from who may call what.
library StakeMath {
    /// @notice A stake that many own by shares. `epoch` counts how often it was wiped out: shares of an earlier
    /// epoch are worth nothing, and the stake can be built up again.
    struct Bucket {
        uint256 stake;
        uint256 shares;
        uint256 epoch;
    }

    /// @dev A first wei buys this many shares. A share can then never grow so dear that a later deposit loses
    /// more than this fraction of what was ever earned.
    uint256 internal constant SHARES_PER_WEI = 1e6;
    uint256 internal constant BPS = 10_000;

    /// @notice Shares that `amount` buys.
    function sharesFor(Bucket memory bucket, uint256 amount) internal pure returns (uint256) {
        if (bucket.shares == 0) return amount * SHARES_PER_WEI;
        return Math.mulDiv(amount, bucket.shares, bucket.stake);
    }

    /// @notice What `shares` are worth.
    function worth(Bucket memory bucket, uint256 shares) internal pure returns (uint256) {
        if (bucket.shares == 0) return 0;
        return Math.mulDiv(bucket.stake, shares, bucket.shares);
    }

    /// @notice How much of `amount`, more than zero and at most active + leaving, is taken from each of the two.
    function split(uint256 amount, uint256 active, uint256 leaving)
        internal
        pure
        returns (uint256 fromActive, uint256 fromLeaving)
    {
        fromLeaving = Math.mulDiv(amount, leaving, active + leaving);
        fromActive = amount - fromLeaving;
    }

    /// @notice What a round takes from `stake`: nothing up to the threshold, then linear, at most the cap.
    /// @param score Score of the authority, at most `one`.
    /// @param free The score up to which nothing is taken: that of the benchmark and the threshold.
    /// @param slopeBps Basis points of the stake per `one` beyond the threshold.
    function penalty(
        uint256 stake,
        uint256 score,
        uint256 free,
        uint256 slopeBps,
        uint256 capBps,
        uint256 one
    ) internal pure returns (uint256) {
        if (score <= free) return 0;
        uint256 share = Math.min(slopeBps * (score - free), capBps * one);
        return Math.mulDiv(stake, share, BPS * one);
    }

    /// @notice By what rewards are shared out: stake times how much better than the benchmark.
    function merit(uint256 stake, uint256 score, uint256 benchmark) internal pure returns (uint256) {
        return score < benchmark ? stake * (benchmark - score) : 0;
    }
}
