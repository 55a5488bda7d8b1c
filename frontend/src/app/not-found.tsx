"use client";
import Link from "next/link";
import { shellWords } from "@/words/shell";
import { useWords } from "@/words/use-words";

export default function NotFound() {
  const words = useWords(shellWords).notFound;
  return (
    <main className="grid min-h-dvh place-items-center p-6">
      <div className="card max-w-md p-6">
        <h1 className="font-semibold text-lg">{words.title}</h1>
        <p className="mt-2 text-muted">{words.text}</p>
        <Link className="mt-4 inline-block font-medium text-accent underline" href="/">
          {words.back}
        </Link>
      </div>
    </main>
  );
}
