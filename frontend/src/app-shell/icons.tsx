/** Line drawings of 20 × 20, drawn for this navigation. */
import type { PageKey } from "./pages";

const PATHS: Readonly<Record<PageKey, string>> = {
  live: "M2 13c3 0 3-7 6-7s3 9 6 9 2-3 4-3",
  "as-at": "M10 4a7 7 0 1 1-6.3 4M3 4v4h4M10 7v4l3 2",
  alerts: "M5 13V9a5 5 0 0 1 10 0v4l1.5 2h-13zM8.5 17.5h3",
  assets: "M3 17V8l5-4v13M8 17h9V9H8M11 12h3M11 14.5h3",
  accuracy: "M10 3a7 7 0 1 0 7 7M10 6.5a3.5 3.5 0 1 0 3.5 3.5M10 10l6.5-6.5M14 3.5h2.5V6",
  models:
    "M4 14.5a2 2 0 1 0 0-.1zM8.5 5a2 2 0 1 0 0-.1zM13 14.5a2 2 0 1 0 0-.1zM9.6 6.8 6.9 12.7M11.4 6.8l2.7 5.9M8 14.5h5",
  settlement: "M10 3v14M4 6h12M4 6l-2 5a2.4 2.4 0 0 0 4 0zM16 6l-2 5a2.4 2.4 0 0 0 4 0zM6.5 17h7",
  verify: "M10 2.5l6 2.5v5c0 4-3 6.5-6 7.5-3-1-6-3.5-6-7.5V5zM7.2 10l2 2 3.6-4",
  pipeline: "M2.5 5.5h5v4h-5zM12.5 5.5h5v4h-5zM7.5 7.5h5M15 9.5v5h-5M5 12.5h5v4H5z",
};

export function PageIcon({ page, className = "" }: { page: PageKey; className?: string }) {
  return (
    <svg
      aria-hidden="true"
      className={`size-5 ${className}`}
      fill="none"
      stroke="currentColor"
      strokeLinecap="round"
      strokeLinejoin="round"
      strokeWidth="1.6"
      viewBox="0 0 20 20"
    >
      <path d={PATHS[page]} />
    </svg>
  );
}
