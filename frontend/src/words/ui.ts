import { de } from "./de/ui";
import { en } from "./en/ui";

export const uiWords = { en, de };
