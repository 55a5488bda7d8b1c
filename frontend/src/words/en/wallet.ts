import type { ErrorSentence } from "../contract-errors";
import { errors } from "./contract-errors";

export const en = {
  connect: "Connect a wallet",
  disconnect: "Disconnect",
  choose: "Choose a wallet",
  chooseText:
    "These are the wallets that this browser holds. Nothing is signed by connecting: the page sees your address, no more.",
  noneTitle: "No wallet was found in this browser",
  noneText:
    "A wallet is an extension of the browser that keeps your keys. Install one, reload this page, and it will be listed here. Everything on this page can be read without one.",
  account: "Account",
  roles: {
    viewer: "viewer",
    operator: "operator",
    provider: "provider of measured values",
    authority: "forecasting authority",
    admin: "admin",
    arbiter: "arbiter",
  },
  wrongChain: (has: string, wants: string) =>
    `Your wallet is on chain ${has}. The contracts of this installation are on chain ${wants}.`,
  switchChain: "Switch the wallet",
  chainName: "Gridseal local chain",
  chain: (id: string) => `chain ${id}`,
  signIn: "Sign in",
  signOut: "Sign out",
  signedIn: "Signed in",
  signInText: "Signing in proves that the account is yours. It costs nothing and allows no transaction.",
  statement: "Sign in to Gridseal. This costs nothing and allows no transaction.",
  tx: {
    title: "Your transactions",
    none: "What you send from this browser is listed here, with its state, until you remove it.",
    remove: "Remove",
    hash: "Transaction",
    block: "Block",
    states: {
      none: "not signed",
      signing: "waits for your wallet",
      sent: "sent",
      mined: "in a block",
      final: "final",
      failed: "not done",
      replaced: "replaced",
    },
    says: {
      none: "",
      signing: "Look at your wallet: it shows what you are asked to sign.",
      block: "Handed in. It waits for the next block.",
      sight: "Handed in by your wallet. The node has not heard of it yet.",
      nonce:
        "The wallet counts more transactions than this chain has seen. If the local chain was started anew, clear the wallet's activity for this network (in MetaMask: Settings, Advanced, Clear activity tab data) and send again.",
      mined: (have: number, need: number) => `${have} of ${need} blocks that make it final.`,
      final: (block: string) => `Nothing can take it back. Block ${block}.`,
      replaced: "Your wallet has sent another transaction in its place.",
    },
    by: "by",
  },
  refusals: {
    rejected: "You said no in your wallet. Nothing was sent.",
    reverted: "The contract refused it and gave no reason.",
    "wrong-chain": "The wallet is on another chain. Switch it, then try again.",
    "unknown-chain": "The wallet does not know this chain. Add it, then try again.",
    "not-allowed": "The wallet does not let this page use that account. Connect again.",
    busy: "The wallet still waits for an answer of yours. Open it, answer there, then try again.",
    away: "The chain's node does not answer. Nothing was sent.",
    nonce:
      "The wallet and the chain count your transactions differently. The local chain was probably started anew: clear the wallet's activity for this network (in MetaMask: Settings, Advanced, Clear activity tab data), then try again.",
    funds: "The account has too little ether for the fee.",
    "chain-reset":
      "The chain was started anew after this was sent. What you sent is gone with the old one; nothing of it counts.",
    other: (message: string) => `The wallet answered: ${message}`,
    contract: (sentence: string) => `The contract refused it: ${sentence}`,
  },
  unknownError: (name: string) => `it gave the error ${name}.`,
  errors: errors as Record<keyof typeof errors, ErrorSentence>,
};
