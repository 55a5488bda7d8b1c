import type { ReactNode } from "react";

/** The page's one `h1`, a sentence on what it is for, and what can be done with the whole of it. */
export function PageHead({ title, text, actions }: { title: string; text?: string; actions?: ReactNode }) {
  return (
    <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-2">
      <div className="min-w-0">
        <h1 className="font-semibold text-xl leading-7">{title}</h1>
        {text ? <p className="max-w-4xl text-muted text-xs">{text}</p> : null}
      </div>
      {actions ? <div className="flex flex-wrap items-center gap-2">{actions}</div> : null}
    </div>
  );
}
