import { de } from "./de/live";
import { en } from "./en/live";

export const liveWords = { en, de };
export type LiveWords = typeof en;
