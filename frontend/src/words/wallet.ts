import { de } from "./de/wallet";
import { en } from "./en/wallet";

export const walletWords = { en, de };
