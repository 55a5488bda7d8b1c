"use client";
import { type DragEvent, useId, useState } from "react";
import { Button } from "@/ui/button";
import { Panel } from "@/ui/panel";
import { useWords } from "@/words/use-words";
import { verifyWords } from "@/words/verify";

const LARGEST = 4 * 1024 * 1024;

/** A proof file: dropped, chosen or pasted. It stays in this page. */
export function TakeFile({ onText }: { onText: (text: string) => void }) {
  const words = useWords(verifyWords);
  const id = useId();
  const [over, setOver] = useState(false);
  const [name, setName] = useState("");
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const take = async (file: File | undefined) => {
    if (!file) return;
    setName(file.name);
    setProblem(file.size > LARGEST ? words.tooLarge : null);
    if (file.size <= LARGEST) onText(await file.text());
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void take(event.dataTransfer.files[0]);
  };
  return (
    <Panel title={words.take}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is one more way; the button below does the same */}
      <div
        className={`flex flex-col items-center gap-2 rounded-md border-2 border-dashed p-6 text-center ${over ? "border-accent bg-accent-soft" : "border-line"}`}
        data-testid="drop"
        onDragLeave={() => setOver(false)}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDrop={drop}
      >
        <p className="text-sm">{words.drop}</p>
        <label className="inline-flex min-h-8 cursor-pointer items-center rounded-md border border-line bg-surface px-3 py-1 font-medium text-xs focus-within:outline-2 focus-within:outline-accent focus-within:outline-offset-2 hover:bg-raised">
          {words.choose}
          <input
            accept=".json,application/json"
            className="sr-only"
            data-testid="file"
            onChange={(event) => {
              void take(event.target.files?.[0]);
              event.target.value = "";
            }}
            type="file"
          />
        </label>
        {name ? <p className="text-muted text-xs">{name}</p> : null}
        {problem ? (
          <p className="text-bad text-xs" role="alert">
            {problem}
          </p>
        ) : null}
      </div>
      <details className="mt-3">
        <summary className="min-h-6 cursor-pointer text-muted text-xs">{words.paste}</summary>
        <div className="mt-2 space-y-2">
          <label className="sr-only" htmlFor={id}>
            {words.take}
          </label>
          <textarea
            className="w-full rounded-md border border-line bg-surface p-2 font-mono text-xs"
            data-testid="paste"
            id={id}
            onChange={(event) => setText(event.target.value)}
            rows={6}
            spellCheck={false}
            value={text}
          />
          <Button
            data-testid="check"
            disabled={text.trim() === ""}
            onClick={() => {
              setName("");
              onText(text);
            }}
          >
            {words.check}
          </Button>
        </div>
      </details>
    </Panel>
  );
}
