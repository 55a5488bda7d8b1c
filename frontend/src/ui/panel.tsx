import { type ReactNode, useId } from "react";

interface Props {
  title: string;
  /** Small words beside the title. */
  note?: ReactNode;
  actions?: ReactNode;
  testId?: string;
  /** 2 under a page's heading, 3 within another panel. */
  level?: 2 | 3;
  /** Without inner padding: for tables and lists that go to the edge. */
  flush?: boolean;
  className?: string;
  children: ReactNode;
}

/** A titled part of a page. */
export function Panel({ title, note, actions, testId, level = 2, flush, className = "", children }: Props) {
  const id = useId();
  const Heading = level === 2 ? "h2" : "h3";
  return (
    <section
      aria-labelledby={id}
      className={`card flex min-h-0 min-w-0 flex-col overflow-hidden ${className}`}
      data-testid={testId}
    >
      <div className="flex min-h-10 flex-wrap items-center justify-between gap-x-3 gap-y-1 border-line border-b px-3 py-1.5">
        <div className="flex min-w-0 flex-wrap items-baseline gap-x-2">
          <Heading className="font-semibold" id={id}>
            {title}
          </Heading>
          {note ? <span className="min-w-0 text-2xs text-muted">{note}</span> : null}
        </div>
        {actions ? <div className="flex flex-wrap items-center gap-2">{actions}</div> : null}
      </div>
      <div className={`min-h-0 flex-1 ${flush ? "" : "p-3"}`}>{children}</div>
    </section>
  );
}
