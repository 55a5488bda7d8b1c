"use client";
import { type RefObject, useEffect, useRef, useState } from "react";

export interface Size {
  width: number;
  height: number;
}

/** Width and height of an element, as the page gives it room; nothing before it is laid out. */
export function useSize(): [RefObject<HTMLDivElement | null>, Size | null] {
  const element = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size | null>(null);
  useEffect(() => {
    const host = element.current;
    if (!host) return;
    const watch = new ResizeObserver(([entry]) => {
      const box = entry?.contentRect;
      if (box && box.width > 0) setSize({ width: Math.round(box.width), height: Math.round(box.height) });
    });
    watch.observe(host);
    return () => watch.disconnect();
  }, []);
  return [element, size];
}
