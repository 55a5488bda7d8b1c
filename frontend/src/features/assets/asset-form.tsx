"use client";
import { useId, useState } from "react";
import { type ApiProblem, sendJson } from "@/lib/api";
import { Button } from "@/ui/button";
import { kindOf, State } from "@/ui/state";
import { assetWords } from "@/words/assets";
import { useWords } from "@/words/use-words";
import { changesOf } from "./rows";
import { Asset } from "./wire";

interface Props {
  asset: Asset;
  /** What was read: a change of something else in the meantime is refused. */
  revision: number;
  onDone: () => void;
}

/** Name and ratings, sent with the revision that was read. */
export function AssetForm({ asset, revision, onDone }: Props) {
  const words = useWords(assetWords);
  const t = words.form;
  const [form, setForm] = useState({
    name: asset.name,
    rating_w: asset.rating_w === null ? "" : String(asset.rating_w),
    energy_wh: asset.energy_wh === null ? "" : String(asset.energy_wh),
  });
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [saved, setSaved] = useState(false);
  const changes = changesOf(asset, form);
  const nothing = !changes || Object.keys(changes).length === 0;
  const save = async () => {
    setBusy(true);
    setProblem(null);
    setSaved(false);
    try {
      const path = `/api/v1/assets/${encodeURIComponent(asset.asset_id)}`;
      await sendJson("PATCH", path, changes, Asset, { etag: `"${revision}"` });
      setSaved(true);
      onDone();
    } catch (error) {
      setProblem(error as ApiProblem);
    } finally {
      setBusy(false);
    }
  };
  const field = (key: keyof typeof form, label: string, numeric: boolean) => (
    <Field
      key={key}
      label={label}
      numeric={numeric}
      onChange={(value) => {
        setSaved(false);
        setForm({ ...form, [key]: value });
      }}
      value={form[key]}
    />
  );
  return (
    <form
      className="space-y-2"
      data-testid="asset-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!nothing) void save();
      }}
    >
      {field("name", t.name, false)}
      {field("rating_w", t.rating, true)}
      {field("energy_wh", t.energy, true)}
      {changes === undefined ? <p className="text-bad text-xs">{t.wrong}</p> : null}
      <div className="flex items-center gap-3">
        <Button disabled={nothing || busy} look="main" type="submit">
          {t.save}
        </Button>
        <span aria-live="polite" className="text-ok text-xs">
          {saved ? t.saved : ""}
        </span>
      </div>
      {problem ? (
        <State
          kind={kindOf(problem)}
          onRetry={problem.status === 412 ? onDone : undefined}
          problem={problem}
          title={problem.status === 412 ? t.changed : undefined}
        />
      ) : null}
      <p className="text-2xs text-muted">{t.note}</p>
    </form>
  );
}

function Field(props: { label: string; value: string; numeric: boolean; onChange: (value: string) => void }) {
  const id = useId();
  return (
    <div>
      <label className="mb-0.5 block text-muted text-xs" htmlFor={id}>
        {props.label}
      </label>
      <input
        className="min-h-8 w-full rounded-md border border-line bg-surface px-2 py-1 text-xs"
        id={id}
        inputMode={props.numeric ? "numeric" : "text"}
        maxLength={120}
        onChange={(event) => props.onChange(event.target.value)}
        value={props.value}
      />
    </div>
  );
}
