import { de } from "./de/as-at";
import { en } from "./en/as-at";

export const asAtWords = { en, de };
