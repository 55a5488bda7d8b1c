import { de } from "./de/models";
import { en } from "./en/models";

export const modelWords = { en, de };
