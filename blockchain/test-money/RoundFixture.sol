// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {ForecastRegistry} from "../contracts/ForecastRegistry.sol";
import {Settlement} from "../contracts/Settlement.sol";
import {IForecastRegistry} from "../contracts/interfaces/IForecastRegistry.sol";
import {IQuantileScorer} from "../contracts/interfaces/IQuantileScorer.sol";
import {ISettlement} from "../contracts/interfaces/ISettlement.sol";
import {Trees} from "./Trees.sol";
import {vm} from "../test/support/Vm.sol";
import {MoneyFixture} from "./MoneyFixture.sol";

/// @dev Authorities that seal runs of a few periods with one level, the median: a score is then |actual - value| in
/// thousandths of ONE.
abstract contract RoundFixture is MoneyFixture {
    struct Sealed {
        address authority;
        IForecastRegistry.ForecastBatch batch;
        IQuantileScorer.ForecastLeaf[] leaves;
    }

    uint64 internal constant GATE = SLOT + 900;
    uint64 internal constant GATE_WINDOW = 900;
    uint64 internal constant REVEAL_WINDOW = 1 days;
    uint64 internal constant CAPACITY = 1_000;
    bytes32 internal constant SERIES = keccak256("site-1");
    uint256 internal constant PERIODS = 5;
    uint256 internal constant ONE = 1e18;
    int64 internal constant NOTHING = type(int64).min;

    uint256 internal constant CAROL_KEY = 0xC1;
    uint256 internal constant DAVE_KEY = 0xD1;
    uint256 internal constant NAIVE_KEY = 0xBE;
    address internal carol;
    address internal dave;
    address internal naive;

    ForecastRegistry internal registry;
    IQuantileScorer internal scorer;
    Settlement internal settlement;

    function setUp() public virtual override {
        super.setUp();
        registry = new ForecastRegistry(address(this));
        scorer = IQuantileScorer(committed("QuantileScorer"));
        settlement = new Settlement(operations, registry, pool, actuals, scorer);
        pool.proposeSettlement(address(settlement));
        pool.changeSettlement();
        carol = anAuthority(CAROL_KEY);
        dave = anAuthority(DAVE_KEY);
        naive = anAuthority(NAIVE_KEY);
        settlement.setTerms(PRODUCT, SLOT - 100, terms());
    }

    /// @dev The contract that is deployed, which these tests do not compile again.
    function committed(string memory name) internal returns (address at) {
        string memory file = vm.readFile(string.concat("abi/", name, ".json"));
        bytes memory code = vm.parseJsonBytes(file, ".bytecode");
        assembly ("memory-safe") {
            at := create(0, add(code, 0x20), mload(code))
        }
    }

    function anAuthority(uint256 key) internal returns (address authority) {
        authority = vm.addr(key);
        registry.registerAuthority(authority, IForecastRegistry.SignerKind.Account);
        fund(authority);
    }

    /// @dev 10 % of ONE is free; then a tenth of the stake for each tenth of ONE, at most 30 %.
    function terms() internal view returns (ISettlement.Terms memory) {
        return ISettlement.Terms({
            benchmark: naive,
            levelsHash: keccak256(abi.encode(levels())),
            gateWindow: GATE_WINDOW,
            revealWindow: REVEAL_WINDOW,
            threshold: uint128(ONE / 10),
            slopeBps: 10_000,
            capBps: 3_000
        });
    }

    function levels() internal pure returns (uint16[] memory list) {
        list = new uint16[](1);
        list[0] = 5_000;
    }

    function enter(address authority, uint256 stake) internal {
        back(authority, stake);
        vm.prank(authority);
        settlement.join(PRODUCT);
    }

    function leavesOf(int64 value, uint256 count) internal pure returns (IQuantileScorer.ForecastLeaf[] memory list) {
        list = new IQuantileScorer.ForecastLeaf[](count);
        for (uint256 i; i < count; ++i) {
            int64[] memory values = new int64[](1);
            values[0] = value;
            bytes32 salt = keccak256(abi.encode(i));
            list[i] = IQuantileScorer.ForecastLeaf(SERIES, GATE + uint64(i) * 900, 900, values, salt);
        }
    }

    function seal(uint256 key, int64 value) internal returns (Sealed memory) {
        return seal(key, leavesOf(value, PERIODS), GATE, levels());
    }

    function seal(
        uint256 key,
        IQuantileScorer.ForecastLeaf[] memory leaves,
        uint64 gate,
        uint16[] memory levelsBps
    ) internal returns (Sealed memory run) {
        run.authority = vm.addr(key);
        run.leaves = leaves;
        run.batch.root = Trees.rootOf(hashes(leaves));
        run.batch.leafCount = uint32(leaves.length);
        run.batch.productId = PRODUCT;
        run.batch.slot = SLOT;
        run.batch.version = 1;
        run.batch.levelsHash = keccak256(abi.encode(levelsBps));
        run.batch.gateClosure = gate;
        run.batch.deliveryStart = gate;
        run.batch.prevBatch = registry.lastBatch(run.authority);
        run.batch.nonce = registry.nextNonce(run.authority);
        vm.warp(SLOT + 60);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, registry.digestOf(run.batch));
        registry.notarize(run.batch, run.authority, abi.encodePacked(r, s, v));
    }

    function measured(int64 value, uint256 count) internal pure returns (IQuantileScorer.ActualLeaf[] memory list) {
        list = new IQuantileScorer.ActualLeaf[](count);
        for (uint256 i; i < count; ++i) {
            bytes32 salt = keccak256(abi.encode("actual", i));
            list[i] = IQuantileScorer.ActualLeaf(SERIES, GATE + uint64(i) * 900, 900, value, CAPACITY, salt);
        }
    }

    function makeFinal(IQuantileScorer.ActualLeaf[] memory leaves) internal {
        vm.warp(SLOT + 2 days);
        vm.prank(PROVIDER);
        actuals.propose(PRODUCT, SLOT, Trees.rootOf(hashes(leaves)), uint32(leaves.length));
        vm.warp(SLOT + 3 days);
        actuals.finalize(PRODUCT, SLOT);
    }

    /// @dev Everything that was measured is `value`, and the round is open.
    function opened(int64 value) internal {
        opened(measured(value, PERIODS));
    }

    function opened(IQuantileScorer.ActualLeaf[] memory leaves) internal {
        makeFinal(leaves);
        settlement.open(PRODUCT, SLOT);
    }

    /// @dev Carol and Dave take part with a stake each, and play.
    function played(int64 carolOff, int64 daveOff, uint256 carolStake, uint256 daveStake) internal {
        enter(carol, carolStake);
        enter(dave, daveStake);
        play(carolOff, daveOff);
    }

    /// @dev All seal and reveal. Carol and Dave are so many thousandths off, or seal NOTHING; the benchmark is always
    /// 300 off: its score is 0.3.
    function play(int64 carolOff, int64 daveOff) internal {
        Sealed memory naives = seal(NAIVE_KEY, 300);
        Sealed memory carols;
        Sealed memory daves;
        if (carolOff != NOTHING) carols = seal(CAROL_KEY, carolOff);
        if (daveOff != NOTHING) daves = seal(DAVE_KEY, daveOff);
        opened(0);
        reveal(naives, 0);
        if (carolOff != NOTHING) reveal(carols, 0);
        if (daveOff != NOTHING) reveal(daves, 0);
    }

    function settleNow() internal {
        vm.warp(settlement.round(PRODUCT, SLOT).deadline);
        settlement.settle(PRODUCT, SLOT);
    }

    /// @dev All that is sealed against all that was measured.
    function reveal(Sealed memory run, int64 value) internal {
        revealPart(run, measured(value, PERIODS), 0, PERIODS);
    }

    /// @dev The leaves from `from` until before `to`.
    function revealPart(Sealed memory run, IQuantileScorer.ActualLeaf[] memory answers, uint256 from, uint256 to)
        internal
    {
        uint256[] memory picks = new uint256[](to - from);
        IQuantileScorer.ForecastLeaf[] memory some = new IQuantileScorer.ForecastLeaf[](picks.length);
        IQuantileScorer.ActualLeaf[] memory answered = new IQuantileScorer.ActualLeaf[](picks.length);
        for (uint256 i; i < picks.length; ++i) {
            picks[i] = from + i;
            some[i] = run.leaves[from + i];
            answered[i] = answers[from + i];
        }
        IQuantileScorer.MultiProof memory forecastProof = proofOf(hashes(run.leaves), picks);
        IQuantileScorer.MultiProof memory actualsProof = proofOf(hashes(answers), picks);
        settlement.reveal(run.authority, run.batch, levels(), some, forecastProof, answered, actualsProof);
    }

    function countLeaves(Sealed memory run) internal {
        settlement.countLeaves(run.authority, run.batch, inner(run.leaves));
    }

    function proofOf(bytes32[] memory leaves, uint256[] memory picks)
        internal
        pure
        returns (IQuantileScorer.MultiProof memory proof)
    {
        (proof.proof, proof.flags) = Trees.multiProof(leaves, picks);
    }

    function inner(IQuantileScorer.ForecastLeaf[] memory leaves) internal pure returns (bytes32[] memory list) {
        list = new bytes32[](leaves.length);
        for (uint256 i; i < leaves.length; ++i) {
            IQuantileScorer.ForecastLeaf memory leaf = leaves[i];
            list[i] = keccak256(
                abi.encode(leaf.seriesId, leaf.targetStart, leaf.resolutionS, leaf.valuesMilli, leaf.salt)
            );
        }
    }

    function hashes(IQuantileScorer.ForecastLeaf[] memory leaves) internal pure returns (bytes32[] memory list) {
        list = inner(leaves);
        for (uint256 i; i < list.length; ++i) {
            list[i] = keccak256(bytes.concat(list[i]));
        }
    }

    function hashes(IQuantileScorer.ActualLeaf[] memory leaves) internal pure returns (bytes32[] memory list) {
        list = new bytes32[](leaves.length);
        for (uint256 i; i < leaves.length; ++i) {
            list[i] = keccak256(bytes.concat(keccak256(abi.encode(leaves[i]))));
        }
    }

    function scoreOf(address authority) internal view returns (uint256) {
        return settlement.scoreOf(PRODUCT, SLOT, authority);
    }
}
