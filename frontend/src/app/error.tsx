"use client";

/** A defect of the page itself; failures of the services are shown where they belong. */
export default function PageError({
  error,
  reset,
}: {
  error: Error & { digest?: string };
  reset: () => void;
}) {
  return (
    <main className="grid min-h-dvh place-items-center p-6">
      <div className="card max-w-md p-6" role="alert">
        <h1 className="text-lg font-semibold">The page stopped on a defect of its own</h1>
        <p className="mt-2 text-muted">
          Forecasts and seals are not affected. The browser console has the details
          {error.digest ? `, reference ${error.digest}` : ""}.
        </p>
        <button
          className="mt-4 rounded-md bg-accent px-3 py-1.5 font-medium text-surface"
          onClick={reset}
          type="button"
        >
          Draw the page again
        </button>
      </div>
    </main>
  );
}
