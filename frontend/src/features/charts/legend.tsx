import type { ReactNode } from "react";

/** Names of lines with how they are drawn. */
export function Legend({
  entries,
}: {
  entries: readonly { key: string; name: ReactNode; color: string; dash?: string }[];
}) {
  return (
    <ul className="mb-1 flex flex-wrap gap-x-4 gap-y-1 text-2xs text-muted">
      {entries.map(({ key, name, color, dash }) => (
        <li className="flex items-center gap-1.5" key={key}>
          <svg aria-hidden="true" height="4" width="18">
            <line stroke={color} strokeDasharray={dash} strokeWidth="3" x2="18" y1="2" y2="2" />
          </svg>
          {name}
        </li>
      ))}
    </ul>
  );
}
