import type { ReactNode } from "react";

/** One named value in a list of facts. */
export function Fact({ name, children, title }: { name: string; children: ReactNode; title?: string }) {
  return (
    <div className="flex min-w-0 items-baseline justify-between gap-3 border-line border-b py-1 last:border-b-0">
      <dt className="shrink-0 text-muted text-xs">{name}</dt>
      <dd className="min-w-0 truncate text-right text-xs" title={title}>
        {children}
      </dd>
    </div>
  );
}
