"use client";
import { Dialog } from "@/ui/dialog";
import { shellWords } from "@/words/shell";
import { useWords } from "@/words/use-words";
import type { Binding, KeyGroup } from "./key-ring";
import { useAllKeys } from "./use-keys";

/** The help that `?` opens, drawn from the bindings that are in force now. */
export function KeyHelp({ open, onClose }: { open: boolean; onClose: () => void }) {
  const words = useWords(shellWords);
  const bindings = useAllKeys();
  const group = (name: KeyGroup) => bindings.filter((binding) => binding.group === name);
  return (
    <Dialog onClose={onClose} open={open} testId="help" title={words.help.title} wide>
      <div className="grid gap-x-8 gap-y-4 p-4 sm:grid-cols-2">
        <div className="space-y-4">
          <Group bindings={group("everywhere")} title={words.help.everywhere} />
          <Group bindings={group("here")} title={words.help.here} />
        </div>
        <Group bindings={group("goTo")} title={words.help.goTo} />
      </div>
    </Dialog>
  );
}

function Group({ title, bindings }: { title: string; bindings: readonly Binding[] }) {
  if (bindings.length === 0) return null;
  return (
    <section>
      <h3 className="label mb-1">{title}</h3>
      <dl>
        {bindings.map((binding) => (
          <div
            className="flex items-center justify-between gap-4 border-line border-b py-1 last:border-b-0"
            key={binding.keys.join(" ")}
          >
            <dt className="text-xs">{binding.name}</dt>
            <dd className="whitespace-nowrap">
              <Keys keys={binding.keys} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

export function Keys({ keys }: { keys: readonly string[] }) {
  const words = useWords(shellWords);
  return (
    <span className="inline-flex items-center gap-1 text-2xs text-muted">
      {keys.map((key, index) => (
        <span key={key}>
          {index > 0 ? <span className="mr-1">{words.help.joint}</span> : null}
          <kbd className="rounded border border-line bg-raised px-1.5 py-0.5 font-sans">
            {key.replace("mod+k", "Ctrl K")}
          </kbd>
        </span>
      ))}
    </span>
  );
}
