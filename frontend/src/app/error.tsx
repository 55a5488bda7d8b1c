"use client";
import { Button } from "@/ui/button";
import { shellWords } from "@/words/shell";
import { useWords } from "@/words/use-words";

/** A defect of the page itself; failures of the services are shown where they belong. */
export default function PageError({
  error,
  reset,
}: {
  error: Error & { digest?: string };
  reset: () => void;
}) {
  const words = useWords(shellWords).defect;
  return (
    <main className="grid min-h-dvh place-items-center p-6">
      <div className="card max-w-md p-6" role="alert">
        <h1 className="font-semibold text-lg">{words.title}</h1>
        <p className="mt-2 text-muted">
          {words.text}
          {error.digest ? words.reference(error.digest) : ""}.
        </p>
        <Button className="mt-4" look="main" onClick={reset}>
          {words.again}
        </Button>
      </div>
    </main>
  );
}
