/** What the settlement page sends and says, and that it seals as Python and Solidity do. */
import { readFileSync } from "node:fs";
import { hashTypedData } from "viem";
import { describe, expect, test, vi } from "vitest";
import { batchDigest, batchHash } from "@/artifacts/verifier/batch";
import { fromHex, toHex } from "@/artifacts/verifier/bytes";
import { batchOf, openingFile, typedData } from "@/features/settlement/own-seal";
import {
  disputeSteps,
  exitStep,
  type Facts,
  hashOf,
  ruleStep,
  sharesFor,
  stakeSteps,
} from "@/features/settlement/plans";
import { addressOf, choiceFrom } from "@/features/settlement/selection";
import { tellEvidence } from "@/features/settlement/tell";
import type { Dispute } from "@/features/settlement/wire";
import { isComplete, judge, OFFLINE, ON_CHAIN } from "@/features/verify/judge";
import { codedCall } from "@/features/wallet/contracts";
import { MOST_QUESTIONS, Questions } from "@/lib/chain-questions";
import { isOwnPage } from "@/lib/pass";
import { de } from "@/words/de/settlement";
import { en } from "@/words/en/settlement";

const UNIT = 10n ** 18n;
const WHO = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const POOL = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

function theFacts(changes: Partial<Facts["account"]> = {}): Facts {
  return {
    contracts: {
      chain_id: 31337,
      deployment_id: "one",
      block_number: 9,
      block_time: "2026-06-08T12:00:00Z",
      confirmations: 1,
      contracts: ["StakePool", "ActualsRegistry"].map((name) => ({ name, address: POOL })),
      token: { address: POOL, symbol: "GLC", decimals: 18 },
      bond: String(50n * UNIT),
      arbitration_cost_wei: "7",
      dispute_window_s: 7_200,
      ruling_window_s: 43_200,
      unbonding_s: 345_600,
      treasury_due: "0",
    },
    account: {
      address: WHO,
      roles: ["viewer"],
      balance_wei: "0",
      tokens: "0",
      allowances: {},
      owed: "0",
      holdings: [],
      requests: [],
      may_back: [WHO],
      ...changes,
    },
    words: en,
    language: "en",
    names: new Map([[WHO, "forecast"]]),
  };
}

describe("a plan", () => {
  test("to stake asks for an allowance only where there is none", () => {
    expect(stakeSteps(theFacts(), WHO, 5n * UNIT).map((step) => step.key)).toEqual(["approve", "stake"]);
    const allowed = theFacts({ allowances: { StakePool: String(5n * UNIT) } });
    expect(stakeSteps(allowed, WHO, 5n * UNIT).map((step) => step.key)).toEqual(["stake"]);
    expect(stakeSteps(allowed, WHO, 5n * UNIT + 1n).map((step) => step.key)).toEqual(["approve", "stake"]);
  });

  test("says amounts with their unit, the authority's name and when money comes back", () => {
    const [, stake] = stakeSteps(theFacts(), WHO, (5n * UNIT) / 2n);
    expect(stake?.says).toContain("You stake 2.5 GLC on forecast (0x7099…79C8)");
    expect(stake?.says).toContain("4 d later");
    const out = exitStep(theFacts(), { authority: WHO, shares: "10", worth: String(20n * UNIT) }, 4n * UNIT);
    expect(out.says).toMatch(/about Fri,? 12 Jun, 12:00 UTC/);
  });

  test("to take out everything leaves no dust, and never takes more shares than there are", () => {
    const holding = { authority: WHO, shares: "1000", worth: "3001" };
    expect(sharesFor(holding, 3_001n)).toBe(1_000n);
    expect(sharesFor(holding, 99_999n)).toBe(1_000n);
    expect(sharesFor(holding, 1_500n)).toBe(499n);
  });

  test("to dispute names slot, version, bond, gain, fee and evidence, and sends the fee along", () => {
    const doubt = { productId: "site-6h", slot: "2026-06-08T06:00:00Z", version: 2, evidence: "wrong meter" };
    const [approve, dispute] = disputeSteps(theFacts(), doubt);
    expect(approve?.call).toMatchObject({ contract: "Token", method: "approve", args: [POOL, 50n * UNIT] });
    expect(dispute?.call).toMatchObject({ method: "dispute", value: 7n });
    expect(dispute?.call.args.slice(1, 3)).toEqual([1_780_898_400n, 2]);
    for (const part of ["site-6h", "version 2", "50 GLC", "25 GLC", "12 h", "wrong meter", "ETH"]) {
      expect(dispute?.says).toContain(part);
    }
  });

  test("is coded by the contracts' own ABIs", () => {
    for (const step of [...stakeSteps(theFacts(), WHO, 1n), ruleStep({ words: en }, "3", 2)]) {
      expect(codedCall(step.call)).toMatch(/^0x[0-9a-f]{8}/);
    }
    expect(() => codedCall({ contract: "StakePool", method: "steal", args: [] })).toThrow();
  });

  test("has words in German too", () => {
    const facts = { ...theFacts(), words: de, language: "de" };
    expect(stakeSteps(facts, WHO, UNIT / 2n).at(-1)?.says).toContain("Sie setzen 0,5 GLC auf Prognose");
    expect(hashOf("a")).toMatch(/^0x[0-9a-f]{64}$/);
  });
});

test("the address of the page keeps what is looked at, and nothing else", () => {
  const choice = {
    tab: "stake",
    filter: "site-6h",
    product: "site-6h",
    slot: "2026-06-08T06:00:00Z",
  } as const;
  const params = Object.fromEntries(new URL(`http://x${addressOf(choice)}`).searchParams);
  expect(choiceFrom(params)).toEqual(choice);
  expect(choiceFrom({ tab: "x", product: "<b>", slot: "yesterday" })).toEqual({
    tab: "slots",
    filter: null,
    product: null,
    slot: null,
  });
});

describe("sealing by oneself", () => {
  const { batches, domain, authority } = JSON.parse(
    readFileSync(new URL("../../gridseal/vectors/notary.json", import.meta.url), "utf8"),
  );

  test.each(batches.map((one: { name: string }) => [one.name, one]) as [string, (typeof batches)[0]][])(
    "%s gives the batch, the hash and the digest of the golden vector",
    (_, vector) => {
      const link = { prevBatch: vector.batch.prev_batch, nonce: BigInt(vector.batch.nonce) };
      const batch = batchOf(JSON.stringify(vector.run), fromHex(vector.secret), link);
      expect(batch.root).toBe(vector.root);
      expect(toHex(batchHash(batch))).toBe(vector.batch_hash);
      expect(toHex(batchDigest(batch, BigInt(domain.chain_id), domain.registry.toLowerCase()))).toBe(
        vector.digest,
      );
      const { EIP712Domain: _own, ...types } = JSON.parse(typedData(batch, 31337, domain.registry)).types;
      const told = JSON.parse(typedData(batch, domain.chain_id, domain.registry));
      expect(hashTypedData({ ...told, types })).toBe(vector.digest);
    },
  );

  test("keeps what opens it", () => {
    const [vector] = batches;
    const secret = fromHex(vector.secret);
    const document = JSON.stringify(vector.run);
    const batch = batchOf(document, secret, { prevBatch: vector.batch.prev_batch, nonce: 0n });
    const kept = JSON.parse(openingFile(document, secret, batch, authority));
    expect(kept).toMatchObject({
      format: "gridseal-opening/1",
      authority,
      secret: vector.secret,
      run: vector.run,
    });
  });
});

describe("our own origin", () => {
  const question = (method: string) => ({ jsonrpc: "2.0", id: 1, method, params: [] });

  test("passes on what reads the chain, and nothing that sends or changes it", () => {
    expect(Questions.safeParse(question("eth_call")).success).toBe(true);
    for (const method of [
      "eth_sendRawTransaction",
      "eth_sendTransaction",
      "evm_mine",
      "hardhat_setBalance",
      "eth_accounts",
    ]) {
      expect(Questions.safeParse(question(method)).success, method).toBe(false);
    }
    expect(Questions.safeParse([]).success).toBe(false);
    expect(Questions.safeParse(Array(MOST_QUESTIONS + 1).fill(question("eth_call"))).success).toBe(false);
  });

  test("takes changes from its own pages only", () => {
    const from = (headers: Record<string, string>) =>
      isOwnPage(
        new Request("http://127.0.0.1:23000/api/v1/session", {
          headers: { host: "127.0.0.1:23000", ...headers },
        }),
      );
    expect(from({ origin: "http://127.0.0.1:23000" })).toBe(true);
    expect(from({ "sec-fetch-site": "same-origin" })).toBe(true);
    for (const origin of ["http://evil.example", "http://127.0.0.1:9999", "null"]) {
      expect(from({ origin, "sec-fetch-site": "same-origin" }), origin).toBe(false);
    }
    expect(from({})).toBe(false);
  });
});

test("what is no proof file is refuted before anybody is asked", async () => {
  for (const text of ["", "{}", '{"format": "gridseal-proof/1"}', "[1"]) {
    const told = [];
    for await (const one of judge(text, "http://127.0.0.1:1")) told.push(one);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ outcome: "refuted", proof: null, problem: { kind: "unreadable" } });
  }
});

test("a proof is verified only where it was said which chain and registry it must be", () => {
  const made = (names: readonly string[]) => names.map((name) => ({ name, passed: true, detail: "" }));
  const pinned = ["expected chain id", "expected registry"];
  expect(isComplete(made([...OFFLINE, ...ON_CHAIN, ...pinned]))).toBe(true);
  for (const one of pinned) expect(isComplete(made([...OFFLINE, ...ON_CHAIN, one]))).toBe(false);
});

test("evidence is told to the service once, where its hash is that of a dispute without a text", async () => {
  const sent: string[] = [];
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    sent.push(`${init.method} ${path} ${init.body}`);
    return Response.json({});
  });
  const dispute = (id: string, text: string, evidence: string | null) =>
    ({ dispute_id: id, evidence_hash: hashOf(text), evidence }) as Dispute;
  const disputes = [dispute("0", "known", null), dispute("1", "told", "told"), dispute("2", "strange", null)];
  await tellEvidence(disputes, ["known", "told"]);
  vi.unstubAllGlobals();
  expect(sent).toEqual(['PUT /api/v1/settlements/disputes/0/evidence {"text":"known"}']);
});
