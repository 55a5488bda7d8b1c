import { de } from "./de/verify";
import { en } from "./en/verify";

export const verifyWords = { en, de };
