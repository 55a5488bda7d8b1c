"use client";
import { useId } from "react";

interface Props {
  label: string;
  value: string;
  options: readonly { value: string; name: string }[];
  onChoose: (value: string) => void;
}

/** One of several, with its label. A value that is not offered (any more) is shown as it is. */
export function Choice({ label, value, options, onChoose }: Props) {
  const id = useId();
  const known = options.some((one) => one.value === value);
  return (
    <div className="flex min-w-0 items-center gap-1.5">
      <label className="whitespace-nowrap text-muted text-xs" htmlFor={id}>
        {label}
      </label>
      <select
        className="min-h-8 min-w-0 max-w-52 rounded-md border border-line bg-surface px-2 py-1 text-text text-xs"
        id={id}
        onChange={(event) => onChoose(event.target.value)}
        value={value}
      >
        {known ? null : <option value={value}>{value}</option>}
        {options.map((one) => (
          <option key={one.value} value={one.value}>
            {one.name}
          </option>
        ))}
      </select>
    </div>
  );
}
