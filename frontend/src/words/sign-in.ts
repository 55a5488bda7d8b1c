import { de } from "./de/sign-in";
import { en } from "./en/sign-in";

export const signInWords = { en, de };
