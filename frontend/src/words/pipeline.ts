import { de } from "./de/pipeline";
import { en } from "./en/pipeline";

export const pipelineWords = { en, de };
