"use client";
import { useId, useState } from "react";
import { sendJson } from "@/lib/api";
import { Button } from "@/ui/button";
import { ConfirmDialog } from "@/ui/confirm-dialog";
import { modelWords } from "@/words/models";
import { useWords } from "@/words/use-words";
import { type ModelState, RolledBack } from "./wire";

/** Lets the version before the champion serve again, after a yes and with a reason. */
export function RollBack({ state, onDone }: { state: ModelState; onDone: () => void }) {
  const t = useWords(modelWords).rollback;
  const id = useId();
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const { champion, previous } = state.aliases;
  if (!champion || !previous) return <span className="text-2xs text-muted">{t.none}</span>;
  const go = async () => {
    const path = `/api/v1/models/${encodeURIComponent(state.model)}/rollback`;
    await sendJson("POST", path, { reason: reason.trim(), by: "local" }, RolledBack);
    setReason("");
    onDone();
  };
  return (
    <>
      <Button data-testid="roll-back" onClick={() => setOpen(true)}>
        {t.button(previous.version)}
      </Button>
      <ConfirmDialog
        confirm={t.confirm}
        danger
        disabled={reason.trim().length < 3}
        onClose={() => setOpen(false)}
        onConfirm={go}
        open={open}
        title={t.title}
      >
        <p>{t.text(champion.version, previous.version)}</p>
        <label className="block text-xs" htmlFor={id}>
          {t.reason}
        </label>
        <textarea
          className="w-full rounded-md border border-line bg-surface px-2 py-1 text-sm"
          id={id}
          maxLength={500}
          onChange={(event) => setReason(event.target.value)}
          rows={2}
          value={reason}
        />
      </ConfirmDialog>
    </>
  );
}
