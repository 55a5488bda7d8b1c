/** What the pointer does on a fan beside naming a period: shift and drag pans, ctrl and wheel zooms. */
import type { RefObject } from "react";
import type uPlot from "uplot";
import type { PlotEvents } from "./use-fan-plot";

const ZOOM_STEP = 0.8;

export function bindPointer(plot: uPlot, events: RefObject<PlotEvents>): void {
  const { over } = plot;
  const shown = () => ({ fromS: plot.scales.x?.min ?? 0, toS: plot.scales.x?.max ?? 1 });

  // In the capture phase: uPlot must not begin a selection of its own.
  const onDown = (event: MouseEvent) => {
    if (!event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const start = shown();
    const secondsPerPixel = (start.toS - start.fromS) / over.clientWidth;
    const onMove = (move: MouseEvent) => {
      const by = (event.clientX - move.clientX) * secondsPerPixel;
      events.current.onRange({ fromS: start.fromS + by, toS: start.toS + by });
    };
    const onUp = () => {
      window.removeEventListener("mousemove", onMove);
      window.removeEventListener("mouseup", onUp);
    };
    window.addEventListener("mousemove", onMove);
    window.addEventListener("mouseup", onUp);
  };
  over.parentElement?.addEventListener("mousedown", onDown, { capture: true });

  const onWheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const { fromS, toS } = shown();
    const at = plot.posToVal(event.clientX - over.getBoundingClientRect().left, "x");
    const factor = event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP;
    events.current.onRange({ fromS: at - (at - fromS) * factor, toS: at + (toS - at) * factor });
  };
  over.addEventListener("wheel", onWheel, { passive: false });
  over.addEventListener("dblclick", () => events.current.onRange(null));
}
