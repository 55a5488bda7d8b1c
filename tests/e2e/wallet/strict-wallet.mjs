// A wallet for browser tests, stricter than those that people use: it announces itself by EIP-6963, keeps its key
// outside of the page, signs nothing for another chain than the one it is on, knows only the chains it was told of
// (4902 for others), refuses what its policy says, and gives nobody an account that was not asked for.
//
// What it does not know it does not do: methods that no page of ours should need are refused with 4200.
import { createRequire } from "node:module";

const require = createRequire(new URL("../../../frontend/package.json", import.meta.url));
const { createWalletClient, http } = require("viem");
const { mnemonicToAccount } = require("viem/accounts");

/** The phrase of development chains; its keys are known to everybody and hold nothing. */
export const DEVELOPMENT_PHRASE = "test test test test test test test test test test test junk";

const REJECTED = { code: 4001, message: "User rejected the request." };

class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export class StrictWallet {
  /**
   * @param {{account: number, rpc: string, chainId: number, on?: number, name?: string}} options
   *   `chainId` is the chain behind `rpc`; `on` the one that the wallet begins on.
   */
  constructor({ account, rpc, chainId, on = chainId, name = "Strict test wallet" }) {
    this.account = mnemonicToAccount(DEVELOPMENT_PHRASE, { addressIndex: account });
    this.rpc = rpc;
    this.home = chainId;
    this.on = on;
    this.known = new Set([on]);
    this.name = name;
    this.allowed = false;
    this.asked = [];
    this.refuses = new Set();
    this.pages = new Set();
  }

  /** From now on requests of these methods are refused, as a person would. */
  refuse(...methods) {
    this.refuses = new Set(methods);
  }

  /** Makes the wallet known to every page of a browser context. */
  async install(context) {
    await context.exposeBinding("strictWallet", async ({ page }, asked) => {
      this.pages.add(page);
      try {
        return { result: await this.answer(asked) };
      } catch (error) {
        if (typeof error.code !== "number") return { error: { code: -32603, message: error.message } };
        return { error: { code: error.code, message: error.message, data: error.data } };
      }
    });
    await context.addInitScript(announce, this.name);
  }

  async answer({ method, params = [] }) {
    this.asked.push({ method, params });
    if (this.refuses.has(method)) throw new Refused(REJECTED.code, REJECTED.message);
    switch (method) {
      case "eth_chainId":
        return `0x${this.on.toString(16)}`;
      case "eth_accounts":
        return this.allowed ? [this.account.address] : [];
      case "eth_requestAccounts":
        this.allowed = true;
        return [this.account.address];
      case "wallet_switchEthereumChain":
        return this.#switchTo(Number(params[0].chainId));
      case "wallet_addEthereumChain":
        return this.#add(params[0]);
      case "personal_sign":
        return this.#sign(params);
      case "eth_signTypedData_v4":
        return this.#signTyped(params);
      case "eth_sendTransaction":
        return this.#send(params[0]);
      default:
        throw new Refused(4200, `${method} is not supported`);
    }
  }

  #own(address) {
    if (!this.allowed) throw new Refused(4100, "The account was not given to this page.");
    if (String(address).toLowerCase() !== this.account.address.toLowerCase()) {
      throw new Refused(4100, "The account is not one of this wallet.");
    }
  }

  async #switchTo(chainId) {
    if (!this.known.has(chainId)) throw new Refused(4902, `Unrecognized chain ID ${chainId}.`);
    this.on = chainId;
    for (const page of this.pages) {
      await page.evaluate((id) => window.dispatchEvent(new CustomEvent("strict-wallet-chain", { detail: id })), `0x${chainId.toString(16)}`).catch(() => {});
    }
    return null;
  }

  async #add({ chainId, chainName, rpcUrls, nativeCurrency }) {
    if (!chainName || !rpcUrls?.length || nativeCurrency?.decimals !== 18) throw new Refused(-32602, "The offer is incomplete.");
    const answer = await fetch(rpcUrls[0], {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
    });
    const { result } = await answer.json();
    if (Number(result) !== Number(chainId)) throw new Refused(-32602, "The node serves another chain.");
    this.known.add(Number(chainId));
    return null;
  }

  async #sign([hex, address]) {
    this.#own(address);
    if (!/^0x[0-9a-f]*$/.test(hex)) throw new Refused(-32602, "The text must come as hexadecimal bytes.");
    return this.account.signMessage({ message: { raw: hex } });
  }

  async #signTyped([address, text]) {
    this.#own(address);
    const typed = JSON.parse(text);
    if (Number(typed.domain?.chainId) !== this.on) {
      throw new Refused(-32602, `The data is for chain ${typed.domain?.chainId}, the wallet is on chain ${this.on}.`);
    }
    if (!typed.domain.verifyingContract) throw new Refused(-32602, "The data names no contract.");
    const { EIP712Domain: _, ...types } = typed.types;
    return this.account.signTypedData({ ...typed, types });
  }

  async #send({ from, to, data, value, ...rest }) {
    this.#own(from);
    if (this.on !== this.home) throw new Refused(4901, "The wallet is not connected to this chain.");
    if (Object.keys(rest).length > 0) throw new Refused(-32602, `The page sets ${Object.keys(rest)}: that is the wallet's business.`);
    const chain = { id: this.home, name: "test", nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 }, rpcUrls: { default: { http: [this.rpc] } } };
    const client = createWalletClient({ account: this.account, chain, transport: http(this.rpc, { retryCount: 0 }) });
    return client.sendTransaction({ to, data, value: BigInt(value ?? "0x0") });
  }
}

/** Runs in the page, before its own scripts. */
function announce(name) {
  const listeners = new Map();
  const tell = (event, told) => {
    for (const listener of listeners.get(event) ?? []) listener(told);
  };
  window.addEventListener("strict-wallet-chain", (event) => tell("chainChanged", event.detail));
  const provider = Object.freeze({
    async request(asked) {
      const answer = await window.strictWallet(JSON.parse(JSON.stringify(asked)));
      if (answer.error) throw Object.assign(new Error(answer.error.message), answer.error);
      return answer.result;
    },
    on(event, listener) {
      listeners.set(event, [...(listeners.get(event) ?? []), listener]);
    },
    removeListener(event, listener) {
      listeners.set(event, (listeners.get(event) ?? []).filter((one) => one !== listener));
    },
  });
  const info = Object.freeze({
    uuid: "3f0c1c3e-6d0a-4b53-9d9f-6f1f6f6c7a10",
    name,
    icon: "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><rect width='1' height='1' fill='teal'/></svg>",
    rdns: "test.gridseal.strict",
  });
  const say = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }));
  window.addEventListener("eip6963:requestProvider", say);
  say();
}
