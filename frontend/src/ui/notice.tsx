import type { ReactNode } from "react";

/** A state that needs words: what is the case, and what to do. */
export function Notice({
  title,
  children,
  tone = "quiet",
  action,
}: {
  title: string;
  children?: ReactNode;
  tone?: "quiet" | "warn" | "bad";
  action?: ReactNode;
}) {
  const edge = { quiet: "border-l-line", warn: "border-l-warn", bad: "border-l-bad" }[tone];
  return (
    <div
      className={`rounded-md border border-line border-l-4 bg-surface px-3 py-2 ${edge}`}
      role={tone === "bad" ? "alert" : "status"}
    >
      <p className="font-medium">{title}</p>
      {children ? <div className="mt-0.5 text-muted text-xs">{children}</div> : null}
      {action ? <div className="mt-2">{action}</div> : null}
    </div>
  );
}
