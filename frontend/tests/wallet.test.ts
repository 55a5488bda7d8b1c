/** What a wallet's transaction goes through, and what refusals mean. */
import { encodeErrorResult } from "viem";
import { describe, expect, test } from "vitest";
import { abis } from "@/artifacts/abi";
import { formatAmount, parseAmount } from "@/features/wallet/amount";
import { decodeError, ERROR_NAMES } from "@/features/wallet/contracts";
import { bringToChain, type Provider, walletOf, withWallet } from "@/features/wallet/provider";
import { refusalOf } from "@/features/wallet/refusal";
import { refusalText } from "@/features/wallet/say";
import { signInText } from "@/features/wallet/siwe";
import { NONE, type Sight, step, type TxEvent, type TxState } from "@/features/wallet/tx-state";
import { de } from "@/words/de/wallet";
import { en } from "@/words/en/wallet";

const HASH = `0x${"aa".repeat(32)}` as const;
const OTHER = `0x${"bb".repeat(32)}` as const;
const RULES = { confirmations: 3, deployment: "one" };
const TOKEN = { symbol: "GLC", decimals: 18 };

function aSight(changes: Partial<Sight> = {}): Sight {
  return {
    receipt: null,
    known: true,
    nonce: 5,
    nextNonce: 5,
    head: 100,
    deployment: "one",
    instead: null,
    ...changes,
  };
}

const inBlock = (blockNumber: number, succeeded = true) => ({ blockNumber, blockHash: HASH, succeeded });
const run = (...events: TxEvent[]): TxState =>
  events.reduce<TxState>((state, event) => step(state, event, RULES), NONE);
const seen = (changes: Partial<Sight>): TxEvent => ({ type: "seen", sight: aSight(changes) });
const SENT: TxEvent[] = [{ type: "ask" }, { type: "sent", hash: HASH }];

describe("a transaction", () => {
  test("goes from signing over a block to final", () => {
    expect(run({ type: "ask" }).phase).toBe("signing");
    expect(run(...SENT, seen({}))).toEqual({ phase: "sent", hash: HASH, waitsFor: "block" });
    expect(run(...SENT, seen({ receipt: inBlock(100) }))).toMatchObject({ phase: "mined", confirmations: 1 });
    expect(run(...SENT, seen({ receipt: inBlock(98) }))).toMatchObject({ phase: "final", confirmations: 3 });
  });

  test("is sent again where its block was taken away, and never leaves final", () => {
    expect(run(...SENT, seen({ receipt: inBlock(100) }), seen({})).phase).toBe("sent");
    expect(run(...SENT, seen({ receipt: inBlock(98) }), seen({})).phase).toBe("final");
  });

  test("is replaced once something else has its nonce, and only then", () => {
    const gone = { known: false, nextNonce: 6, instead: OTHER };
    expect(run(...SENT, seen(gone))).toEqual({ phase: "replaced", hash: HASH, by: OTHER });
    expect(run(...SENT, seen({ known: false })).phase).toBe("sent");
    expect(run(...SENT, seen({ known: false, nonce: null, nextNonce: 6 })).phase).toBe("sent");
  });

  test("fails on a revert, and on a chain that was started anew", () => {
    expect(run(...SENT, seen({ receipt: inBlock(100, false) }))).toMatchObject({
      phase: "failed",
      hash: HASH,
    });
    expect(run(...SENT, seen({ deployment: "two", known: false }))).toMatchObject({
      phase: "failed",
      refusal: { kind: "chain-reset" },
    });
  });

  test("says so when the wallet counts further than the chain", () => {
    expect(run(...SENT, seen({ nonce: 9 }))).toMatchObject({ phase: "sent", waitsFor: "nonce" });
  });

  test("is asked for once at a time", () => {
    const open = run(...SENT);
    expect(step(open, { type: "ask" }, RULES)).toBe(open);
    expect(step(open, { type: "refused", refusal: { kind: "rejected" } }, RULES)).toBe(open);
  });
});

describe("a refusal", () => {
  const asked = (name: string, args: unknown[], abi: keyof typeof abis = "StakePool") =>
    encodeErrorResult({ abi: abis[abi], errorName: name, args } as never);
  const why = (error: unknown) => refusalOf(error, decodeError);
  const account = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

  test("of a person is no failure of the contract", () => {
    expect(why({ code: 4001, message: "User rejected the request." })).toEqual({ kind: "rejected" });
    expect(why({ code: -32603, message: "x", data: { originalError: { code: 4001 } } }).kind).toBe(
      "rejected",
    );
  });

  test("of a contract is found wherever nodes and wallets put it", () => {
    const data = asked("NotAdmitted", [account, account]);
    const geth = { code: 3, message: "execution reverted", data };
    const hardhat = { code: -32603, message: "reverted with a custom error", data: { data, message: "…" } };
    const wallet = { code: -32603, message: "Internal error", data: { originalError: geth } };
    for (const error of [geth, hardhat, wallet, { cause: geth }]) {
      expect(why(error)).toMatchObject({ kind: "reverted", error: { name: "NotAdmitted" } });
    }
    expect(why({ code: 3, message: "execution reverted", data: "0x" })).toEqual({
      kind: "reverted",
      error: null,
    });
    expect(why({ code: 3, message: "execution reverted", data: "0xdeadbeef" })).toEqual({
      kind: "reverted",
      error: null,
    });
  });

  test("of a node for a wrong nonce, money or chain is told apart", () => {
    expect(why({ message: "Nonce too high. Expected nonce to be 0 but got 7." }).kind).toBe("nonce");
    expect(why({ message: "insufficient funds for gas * price + value" }).kind).toBe("funds");
    expect(why({ code: 4902, message: "Unrecognized chain ID" }).kind).toBe("unknown-chain");
    expect(why(new Error("something else"))).toEqual({ kind: "other", message: "something else" });
  });

  test("becomes a sentence with moments and amounts, in both languages", () => {
    const refusal = why({ data: asked("NotYet", [1_780_920_000n]) });
    expect(refusalText(refusal, en, TOKEN, "en")).toMatch(/possible from Mon,? 8 Jun, 12:00 UTC on/);
    expect(refusalText(refusal, de, TOKEN, "de")).toContain("Das geht ab");
    const short = why({
      data: asked("ERC20InsufficientBalance", [account, 5n * 10n ** 17n, 10n ** 20n], "Token"),
    });
    expect(refusalText(short, en, TOKEN, "en")).toContain("you have 0.5 GLC and 100 GLC are needed");
    const unknown = { kind: "reverted", error: { name: "Strange", args: [] } } as const;
    expect(refusalText(unknown, en, TOKEN, "en")).toContain("Strange");
  });

  test("each sentence is about an error that the contracts have", () => {
    expect(Object.keys(en.errors).filter((name) => !ERROR_NAMES.includes(name))).toEqual([]);
    expect(Object.keys(de.errors).sort()).toEqual(Object.keys(en.errors).sort());
  });
});

describe("a wallet", () => {
  const provider: Provider = { request: async () => null };
  const info = { uuid: "1", name: "One", icon: "data:image/svg+xml,x", rdns: "example.one" };

  test("is listed once, by what it announces; pictures from elsewhere are left out", () => {
    const one = walletOf({ info, provider });
    expect(one?.info.name).toBe("One");
    expect(walletOf({ info: { ...info, icon: "https://tracker.example/x.png" }, provider })?.info.icon).toBe(
      "",
    );
    expect(walletOf({ info: { ...info, name: " " }, provider })).toBeNull();
    expect(walletOf({ info, provider: {} })).toBeNull();
    expect(walletOf(null)).toBeNull();
    const list = one ? withWallet(withWallet([], one), { ...one }) : [];
    expect(list).toHaveLength(1);
  });

  test("that does not know the chain is offered it, then switched", async () => {
    const asked: string[] = [];
    const strange: Provider = {
      request: async ({ method }) => {
        asked.push(method);
        if (asked.length === 1) throw Object.assign(new Error("unknown chain"), { code: 4902 });
        return null;
      },
    };
    await bringToChain(strange, { chainId: 31337, name: "Local", rpcUrl: "http://127.0.0.1:28545" });
    expect(asked).toEqual([
      "wallet_switchEthereumChain",
      "wallet_addEthereumChain",
      "wallet_switchEthereumChain",
    ]);
  });

  test("that says no to switching is not offered anything", async () => {
    const refusing: Provider = {
      request: async () => {
        throw Object.assign(new Error("no"), { code: 4001 });
      },
    };
    await expect(bringToChain(refusing, { chainId: 1, name: "x", rpcUrl: "x" })).rejects.toThrow("no");
  });

  test("signs in with a text of EIP-4361, to the character", () => {
    const text = signInText({
      domain: "127.0.0.1:23000",
      address: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
      statement: "Sign in.",
      uri: "http://127.0.0.1:23000/settlement",
      chainId: 31337,
      nonce: "6f1d5be0a4c2970e",
      issuedAt: new Date("2026-11-22T09:00:00Z"),
      expiresInS: 300,
    });
    expect(text.split("\n")).toEqual([
      "127.0.0.1:23000 wants you to sign in with your Ethereum account:",
      "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
      "",
      "Sign in.",
      "",
      "URI: http://127.0.0.1:23000/settlement",
      "Version: 1",
      "Chain ID: 31337",
      "Nonce: 6f1d5be0a4c2970e",
      "Issued At: 2026-11-22T09:00:00.000Z",
      "Expiration Time: 2026-11-22T09:05:00.000Z",
    ]);
  });
});

describe("amounts", () => {
  test("are read exactly, with point or comma, and never rounded", () => {
    expect(parseAmount("100", 18)).toBe(100n * 10n ** 18n);
    expect(parseAmount("0,000000000000000001", 18)).toBe(1n);
    for (const wrong of ["", "0", "-1", "1e3", "1.", ".5", "1.0000000000000000001", "1,000.5", "ten"]) {
      expect(parseAmount(wrong, 18), wrong).toBeNull();
    }
  });

  test("are never shown as more than there is", () => {
    expect(formatAmount(1_234_567n * 10n ** 18n + 999_999n * 10n ** 12n, 18, "en")).toBe("1,234,567.9999");
    expect(formatAmount(15n * 10n ** 17n, 18, "de")).toBe("1,5");
    expect(formatAmount(1n, 18, "en")).toBe("< 0.0001");
    expect(formatAmount(0n, 18, "en")).toBe("0");
  });
});
