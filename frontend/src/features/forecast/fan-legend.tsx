import type { FanData } from "./fan-data";
import { shareInWords } from "./words";

const ALPHAS = [0.18, 0.36, 0.55];

/** What the marks mean, in words. */
export function FanLegend({ data }: { data: FanData }) {
  const fan = (alpha: number) => ({ background: `rgba(var(--fan), ${alpha})` });
  return (
    <ul
      aria-label="Legend"
      className="flex flex-wrap gap-x-4 gap-y-1 text-2xs text-muted"
      data-testid="legend"
    >
      {data.bands.map((band, rank) => (
        <li className="flex items-center gap-1.5" key={band.share}>
          <span aria-hidden="true" className="h-2.5 w-4 rounded-sm" style={fan(ALPHAS[rank] ?? 0.5)} />
          {shareInWords(band.share)}
        </li>
      ))}
      <li className="flex items-center gap-1.5">
        <span aria-hidden="true" className="h-0.5 w-4 bg-accent" />
        median: half below
      </li>
      <li className="flex items-center gap-1.5">
        <span aria-hidden="true" className="h-0.5 w-4 bg-text" />
        measured
      </li>
      <li className="flex items-center gap-1.5">
        <span aria-hidden="true" className="w-4 border-text border-t-2 border-dotted" />
        measured in part
      </li>
      <li className="flex items-center gap-1.5">
        <span aria-hidden="true" className="h-3 w-0.5 bg-now" />
        now
      </li>
      <li className="flex items-center gap-1.5">
        <span aria-hidden="true" className="h-3 border-gate border-l-2 border-dashed" />
        gate: seal due
      </li>
      {data.runFrom > 0 && data.points.slice(0, data.runFrom).some(Boolean) ? (
        <li>paler: earlier runs</li>
      ) : null}
    </ul>
  );
}
