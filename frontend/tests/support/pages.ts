/** Which test data answers a route of the pages beyond the live one; null where none does, text where it is a page. */
import { assetAnswer } from "./assets.ts";
import { inboxAnswer } from "./inbox.ts";
import { insightAnswer } from "./insight.ts";
import { modelAnswer } from "./models.ts";
import { pipelineAnswer } from "./pipeline.ts";

export function pageAnswer(url: URL, method: string, order: unknown): unknown {
  const { pathname, searchParams } = url;
  if (pathname === "/reports/latest_drift.html")
    return "<!doctype html><html lang='en'><title>Drift</title><body style='font:15px sans-serif'><h1>Drift report (test data)</h1><p>0.35 drift_share</p></body></html>";
  return (
    insightAnswer(pathname, searchParams) ??
    modelAnswer(pathname, searchParams, method) ??
    inboxAnswer(pathname, searchParams, method, order) ??
    assetAnswer(pathname, method, order) ??
    pipelineAnswer(pathname, searchParams, order)
  );
}
