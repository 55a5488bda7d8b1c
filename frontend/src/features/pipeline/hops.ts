/** The moments of one message in the order in which they come about. Pure. */
import type { MessageHop, ReadingTrail, RunTrail } from "./wire";

export type HopKey =
  | "device"
  | "gateway"
  | "kafka"
  | "batch"
  | "window"
  | "store"
  | "job"
  | "run"
  | "published"
  | "block"
  | "known";

export interface Hop {
  key: HopKey;
  /** Wall clock; null where it has not happened, or nobody kept it. */
  wallMs: number | null;
  /** Domain clock, where the moment has one. */
  domainMs: number | null;
  facts: string[];
  /** Seconds of wall time after the hop before that is known. */
  afterS: number | null;
}

const ms = (moment: string | null | undefined) => (moment ? Date.parse(moment) : null);

export function hopsOf(
  stream: ReadingTrail,
  message: MessageHop | null,
  run: RunTrail | null,
  resolutionS: number,
): Hop[] {
  const { reading, batch } = stream;
  const window = stream.windows.find((one) => one.width_s === resolutionS) ?? null;
  const hops: Omit<Hop, "afterS">[] = [
    {
      key: "device",
      wallMs: reading.sent_at_ms,
      domainMs: ms(reading.period_start),
      facts: [reading.device_id, reading.quantity],
    },
    {
      key: "gateway",
      wallMs: ms(message?.received_at),
      domainMs: null,
      facts: message ? [`seq ${message.seq}`] : [],
    },
    {
      key: "kafka",
      wallMs: ms(message?.written_at),
      domainMs: null,
      facts: message ? [`${message.topic}/${message.partition}`, `offset ${message.offset}`] : [],
    },
    {
      key: "batch",
      wallMs: ms(batch?.began_at),
      domainMs: null,
      facts: batch ? [`batch ${batch.batch_id}`, `${batch.messages} messages`] : [],
    },
    {
      key: "window",
      wallMs: ms(window?.updated_at),
      domainMs: window ? Date.parse(window.window_start) + window.width_s * 1_000 : null,
      facts: window ? [`version ${window.version}`] : [],
    },
    {
      key: "store",
      wallMs: ms(batch?.committed_at ?? reading.stored_at),
      domainMs: null,
      facts: [reading.quality],
    },
    {
      key: "job",
      wallMs: ms(run?.job_sent_at),
      domainMs: ms(run?.slot_domain),
      facts: run ? [run.product_id] : [],
    },
    {
      key: "run",
      wallMs: ms(run?.recorded_at),
      domainMs: ms(run?.issued_domain),
      facts: run ? [`${run.model_name}/${run.model_version}`] : [],
    },
    {
      key: "published",
      wallMs: ms(run?.published_at),
      domainMs: null,
      facts: run ? ["forecasts.issued"] : [],
    },
    {
      key: "block",
      wallMs: null,
      domainMs: ms(run?.block_time_domain),
      facts: run?.block_number != null ? [`block ${run.block_number}`] : [],
    },
    {
      key: "known",
      wallMs: ms(run?.seal_known_at),
      domainMs: null,
      facts: run?.seal_state ? [run.seal_state] : [],
    },
  ];
  let before: number | null = null;
  return hops.map((hop) => {
    const afterS = hop.wallMs !== null && before !== null ? (hop.wallMs - before) / 1_000 : null;
    if (hop.wallMs !== null) before = hop.wallMs;
    return { ...hop, afterS };
  });
}

/** Wall seconds from the device's sending to the newest hop that is known. */
export function wholeS(hops: readonly Hop[]): number | null {
  const walls = hops.flatMap((hop) => (hop.wallMs === null ? [] : [hop.wallMs]));
  const [first, last] = [walls[0], walls.at(-1)];
  return first === undefined || last === undefined || walls.length < 2 ? null : (last - first) / 1_000;
}

/** Per second, from two looks at a counter; null until there are two, or after a restart counted anew. */
export function rate(
  before: { value: number; atMs: number } | null,
  now: { value: number; atMs: number },
): number | null {
  if (!before || now.atMs <= before.atMs || now.value < before.value) return null;
  return ((now.value - before.value) * 1_000) / (now.atMs - before.atMs);
}

export const total = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((sum, one) => sum + one, 0);

/** Each minute of the span, those without a batch as zero: nothing stored is something to see. */
export function everyBucket<T extends { at: string }>(
  items: readonly T[],
  bucketS: number,
  nothing: (at: string) => T,
): T[] {
  const [first, last] = [items[0], items.at(-1)];
  if (!first || !last) return [];
  const known = new Map(items.map((item) => [Date.parse(item.at), item]));
  const out: T[] = [];
  for (let at = Date.parse(first.at); at <= Date.parse(last.at); at += bucketS * 1_000)
    out.push(known.get(at) ?? nothing(new Date(at).toISOString()));
  return out;
}
