"use client";
import type { SiteRow } from "@/features/sites/site-rows";
import { formatAlone, formatPercent } from "@/lib/units";
import type { Site } from "@/lib/wire";
import { State } from "@/ui/state";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";
import { type Sheet, type Spot, sheetsOf } from "./places";

const WIDTH = 460;
const RADIUS = 8;

interface Props {
  sites: readonly Site[];
  rows: readonly SiteRow[];
  selected: string | null;
  onOpen: (siteId: string) => void;
}

/** Where the sites are and how much of their capacity they give: a disc that fills from below. */
export function FleetMap({ sites, rows, selected, onOpen }: Props) {
  const words = useWords(liveWords).fleetView;
  const sheets = sheetsOf(sites, rows, WIDTH, RADIUS);
  if (sheets.length === 0) return <State kind="empty" title={words.noPlace} />;
  return (
    <div className="grid gap-4 sm:grid-cols-2" data-testid="fleet-map">
      {sheets.map((sheet) => (
        <section aria-label={words.area[sheet.area.key]} key={sheet.area.key}>
          <h3 className="label mb-1">{words.area[sheet.area.key]}</h3>
          <svg
            className="h-auto max-h-[34vh] w-full min-[110rem]:max-h-[46vh]"
            viewBox={`0 0 ${sheet.width} ${sheet.height.toFixed(0)}`}
          >
            <title>{words.mapLabel(sheet.spots.length)}</title>
            <Ground sheet={sheet} />
            {sheet.spots.map((spot) => (
              <Disc key={spot.row.siteId} on={spot.row.siteId === selected} onOpen={onOpen} spot={spot} />
            ))}
          </svg>
        </section>
      ))}
    </div>
  );
}

function Ground({ sheet }: { sheet: Sheet }) {
  return (
    <g fill="var(--raised)" stroke="var(--line)" strokeLinejoin="round" strokeWidth={1.5}>
      {sheet.paths.map((path) => (
        <path d={path} key={path.slice(0, 24)} />
      ))}
    </g>
  );
}

function Disc({ spot, on, onOpen }: { spot: Spot; on: boolean; onOpen: (siteId: string) => void }) {
  const words = useWords(liveWords);
  const { row, x, y } = spot;
  const said = discWords(row, words.list);
  const load = row.load ?? 0;
  const clip = `fill-${row.siteId}`;
  return (
    <a
      aria-label={said}
      className="cursor-pointer outline-none [&:focus-visible>circle:first-of-type]:stroke-[3]"
      data-site={row.siteId}
      href={`/?site=${encodeURIComponent(row.siteId)}`}
      onClick={(event) => {
        event.preventDefault();
        onOpen(row.siteId);
      }}
    >
      <title>{said}</title>
      <circle
        cx={x}
        cy={y}
        fill="var(--surface)"
        r={RADIUS}
        stroke={row.stale ? "var(--warn)" : on ? "var(--text)" : "var(--accent)"}
        strokeDasharray={row.load === null ? "2 2" : undefined}
        strokeWidth={on ? 2.5 : 1.5}
      />
      <clipPath id={clip}>
        <rect
          height={2 * RADIUS * load}
          width={2 * RADIUS}
          x={x - RADIUS}
          y={y + RADIUS - 2 * RADIUS * load}
        />
      </clipPath>
      <circle clipPath={`url(#${clip})`} cx={x} cy={y} fill="var(--accent)" r={RADIUS - 1.5} />
    </a>
  );
}

type ListWords = (typeof liveWords)["en"]["list"];

/** `La Haute Borne: 4.20 MW, 51 % of 8.20 MW`. */
export function discWords(row: SiteRow, words: ListWords): string {
  const { primary, now, load } = row;
  if (!primary || !now) return `${row.name}: ${words.noForecast}`;
  const value = formatAlone(now.milli, primary.unit);
  const share =
    load !== null && primary.capacity_w
      ? `, ${words.load(formatPercent(load), formatAlone(primary.capacity_w * 1000, "W"))}`
      : "";
  return `${row.name}: ${value}${share}${row.stale ? `, ${words.old}` : ""}`;
}
