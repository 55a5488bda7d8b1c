/** Numbered deltas per channel, so that a client which comes back gets what it missed and nothing twice. */
export type Frame = Record<string, unknown>;

export class Channels {
  readonly #epoch: string;
  readonly #sent = new Map<string, unknown[]>();

  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  add(channel: string, data: unknown): Frame {
    const sent = this.#sent.get(channel) ?? [];
    this.#sent.set(channel, sent);
    sent.push(data);
    return deltaOf(channel, sent.length, data);
  }

  /** What answers a subscription: the missed deltas, or all there is. */
  answer(frame: Frame, everything: (channel: string) => unknown[], now: string): Frame[] {
    const { id, channel } = frame as { id: string; channel: string };
    const resume = frame.resume as { epoch: string; last_seq: number } | undefined;
    const sent = this.#sent.get(channel) ?? [];
    const ack = { type: "ack", id, epoch: this.#epoch };
    if (resume?.epoch === this.#epoch && resume.last_seq <= sent.length) {
      const missed = sent.slice(resume.last_seq);
      return [ack, ...missed.map((data, i) => deltaOf(id, resume.last_seq + i + 1, data))];
    }
    const whole = { type: "snapshot", id, seq: sent.length, as_at: now, reset: resume !== undefined };
    return [ack, { ...whole, data: everything(channel) }];
  }
}

function deltaOf(id: string, seq: number, data: unknown): Frame {
  return { type: "delta", id, seq, prev_seq: seq - 1, data };
}
