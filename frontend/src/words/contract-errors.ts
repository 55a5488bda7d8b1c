/** Sentences about errors of the contracts. */

export interface Say {
  /** Argument number `index`, Unix seconds of the chain's time. */
  time: (index: number) => string;
  /** Argument number `index`, an amount of the token. */
  amount: (index: number) => string;
}

export type ErrorSentence = (args: readonly string[], say: Say) => string;
export type ErrorSentences = Readonly<Record<string, ErrorSentence>>;
