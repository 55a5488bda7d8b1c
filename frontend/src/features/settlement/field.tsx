import { type ReactNode, useId } from "react";

interface Props {
  name: string;
  help?: string;
  problem?: string | null;
  children: (ids: { id: string; "aria-describedby": string; "aria-invalid": boolean }) => ReactNode;
}

export const INPUT = "min-h-8 w-full rounded-md border border-line bg-surface px-2 py-1 text-sm text-text";

/** A named input with its help and what is wrong with it, tied together for screen readers. */
export function Field({ name, help, problem, children }: Props) {
  const id = useId();
  return (
    <div className="space-y-1">
      <label className="block font-medium text-xs" htmlFor={id}>
        {name}
      </label>
      {children({ id, "aria-describedby": `${id}-help`, "aria-invalid": Boolean(problem) })}
      <p className={`text-2xs ${problem ? "text-bad" : "text-muted"}`} id={`${id}-help`}>
        {problem ?? help ?? ""}
      </p>
    </div>
  );
}
