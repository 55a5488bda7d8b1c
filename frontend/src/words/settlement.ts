import { de } from "./de/settlement";
import { en } from "./en/settlement";

export const settlementWords = { en, de };
