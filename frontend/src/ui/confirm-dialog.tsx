"use client";
import { type ReactNode, useState } from "react";
import { uiWords } from "@/words/ui";
import { useWords } from "@/words/use-words";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { State } from "./state";

interface Props {
  open: boolean;
  title: string;
  /** What will happen, in plain words, before anything does. */
  children: ReactNode;
  confirm: string;
  danger?: boolean;
  disabled?: boolean;
  onConfirm: () => Promise<void> | void;
  onClose: () => void;
}

/** Says what will happen and waits for a yes. Stays open with the reason when it fails. */
export function ConfirmDialog({
  open,
  title,
  children,
  confirm,
  danger,
  disabled,
  onConfirm,
  onClose,
}: Props) {
  const words = useWords(uiWords);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Error | null>(null);
  const close = () => {
    setProblem(null);
    onClose();
  };
  const go = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await onConfirm();
      close();
    } catch (error) {
      setProblem(error instanceof Error ? error : new Error(String(error)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog onClose={close} open={open} testId="confirm" title={title}>
      <div className="space-y-3 p-4 text-sm">
        {children}
        {problem ? <State kind="error" problem={problem} /> : null}
      </div>
      <div className="flex justify-end gap-2 border-line border-t px-4 py-3">
        <Button onClick={close}>{words.cancel}</Button>
        <Button disabled={busy || disabled} look={danger ? "danger" : "main"} onClick={go}>
          {confirm || words.confirm}
        </Button>
      </div>
    </Dialog>
  );
}
