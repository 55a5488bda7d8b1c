import type { ComponentProps } from "react";

type Look = "plain" | "main" | "danger" | "quiet";

const LOOKS: Record<Look, string> = {
  plain: "border border-line bg-surface text-text hover:bg-raised",
  main: "border border-transparent bg-accent text-surface hover:opacity-90",
  danger: "border border-transparent bg-bad text-surface hover:opacity-90",
  quiet: "border border-transparent text-muted hover:bg-raised hover:text-text",
};

interface Props extends ComponentProps<"button"> {
  look?: Look;
  small?: boolean;
}

export function Button({ look = "plain", small = false, className = "", type = "button", ...rest }: Props) {
  const size = small ? "min-h-6 px-2 py-0.5 text-2xs" : "min-h-8 px-3 py-1 text-xs";
  return (
    <button
      className={`inline-flex items-center justify-center gap-1.5 whitespace-nowrap rounded-md font-medium disabled:cursor-not-allowed disabled:opacity-50 ${size} ${LOOKS[look]} ${className}`}
      type={type}
      {...rest}
    />
  );
}
