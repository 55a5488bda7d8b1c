"use client";
import { useCallback, useEffect, useState } from "react";

/** Wall display: `?wall=1` or the key `w`. Larger, without controls, and the screen stays awake. */
export function useWall(): { on: boolean; turn: () => void } {
  const [on, setOn] = useState(false);
  useEffect(() => setOn(new URLSearchParams(window.location.search).get("wall") === "1"), []);

  useEffect(() => {
    const { dataset } = document.documentElement;
    if (on) dataset.wall = "on";
    else delete dataset.wall;
    return on ? stayAwake() : undefined;
  }, [on]);

  const turn = useCallback(() => {
    setOn((old) => {
      const address = new URL(window.location.href);
      if (old) address.searchParams.delete("wall");
      else address.searchParams.set("wall", "1");
      window.history.replaceState(null, "", address);
      return !old;
    });
  }, []);
  return { on, turn };
}

/** Asks the browser to keep the screen on while the page is seen; where it cannot, the screen does as it is set. */
function stayAwake(): () => void {
  let lock: WakeLockSentinel | null = null;
  let ended = false;
  const ask = async () => {
    if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
    lock = await navigator.wakeLock.request("screen").catch(() => null);
    if (ended) void lock?.release();
  };
  void ask();
  document.addEventListener("visibilitychange", ask);
  return () => {
    ended = true;
    document.removeEventListener("visibilitychange", ask);
    void lock?.release();
  };
}
