"use client";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { shellWords } from "@/words/shell";
import { useWords } from "@/words/use-words";
import { Button } from "./button";

interface Props {
  open: boolean;
  title: string;
  onClose: () => void;
  /** Leaves the title to screen readers: for a palette, which begins with its own field. */
  bare?: boolean;
  wide?: boolean;
  testId?: string;
  children: ReactNode;
}

/** A modal by the browser's own `dialog`: focus stays inside, Escape closes, focus returns where it was. */
export function Dialog({ open, title, onClose, bare, wide, testId, children }: Props) {
  const words = useWords(shellWords);
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    if (!dialog || dialog.open === open) return;
    if (open) dialog.showModal();
    else dialog.close();
  }, [open]);
  return (
    <dialog
      aria-labelledby={id}
      className={`m-auto mt-[10vh] max-h-[80vh] w-[calc(100%-1.5rem)] rounded-lg border border-line bg-surface p-0 text-text shadow-2xl backdrop:bg-black/45 ${wide ? "max-w-3xl" : "max-w-xl"}`}
      data-testid={testId}
      onClick={(event) => event.target === element.current && onClose()}
      onClose={onClose}
      onKeyDown={(event) => event.key === "Escape" && event.stopPropagation()}
      ref={element}
    >
      {open ? (
        <>
          <div
            className={bare ? "sr-only" : "flex items-center justify-between border-line border-b px-4 py-2"}
          >
            <h2 className="font-semibold text-base" id={id}>
              {title}
            </h2>
            {bare ? null : (
              <Button look="quiet" onClick={onClose} small>
                {words.close}
              </Button>
            )}
          </div>
          {children}
        </>
      ) : null}
    </dialog>
  );
}
