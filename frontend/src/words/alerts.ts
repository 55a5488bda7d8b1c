import { de } from "./de/alerts";
import { en } from "./en/alerts";

export const alertWords = { en, de };
