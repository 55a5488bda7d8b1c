import { de } from "./de/assets";
import { en } from "./en/assets";

export const assetWords = { en, de };
