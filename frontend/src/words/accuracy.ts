import { de } from "./de/accuracy";
import { en } from "./en/accuracy";

export const accuracyWords = { en, de };
