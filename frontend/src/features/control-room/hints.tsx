import type { Room } from "@/app-shell/use-room";
import { Notice } from "@/ui/notice";

/** What is wrong at the moment and what to do about it; nothing while all is well. */
export function Hints({ room }: { room: Room }) {
  const { live, catalog, summary, fallbackProblem } = room;
  const { phase, attempt } = live.connection;
  const down = (phase === "reconnecting" || phase === "offline") && attempt > 1;
  return (
    <>
      {down ? (
        <Notice title="The live connection is down" tone={phase === "offline" ? "bad" : "warn"}>
          {fallbackProblem
            ? fallbackProblem.message
            : "Values are read again every 10 seconds meanwhile. The page goes on by itself when the connection is back."}
        </Notice>
      ) : null}
      {catalog.problem ? (
        <Notice title="Sites cannot be read" tone="warn">
          {catalog.problem.message}
        </Notice>
      ) : null}
      {summary.problem && !down ? (
        <Notice title="The summary cannot be read" tone="warn">
          {summary.problem.message}
          {summary.problem.traceId ? ` Trace ${summary.problem.traceId}.` : ""}
        </Notice>
      ) : null}
      {live.data.problem ? (
        <Notice title="The service refused a subscription" tone="warn">
          {live.data.problem}
        </Notice>
      ) : null}
      {live.data.refused > 0 ? (
        <Notice title={`${live.data.refused} messages were not understood`} tone="warn">
          They are left out here. Page and services may be of different versions; build the dashboard again.
        </Notice>
      ) : null}
    </>
  );
}
