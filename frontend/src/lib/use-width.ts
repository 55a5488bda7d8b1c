"use client";
import { type RefObject, useEffect, useState } from "react";

/** Width of an element in CSS pixels, kept current; 0 before it is known. */
export function useWidth(element: RefObject<Element | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const host = element.current;
    if (!host) return;
    const sizes = new ResizeObserver(([entry]) => setWidth(Math.round(entry?.contentRect.width ?? 0)));
    sizes.observe(host);
    return () => sizes.disconnect();
  }, [element]);
  return width;
}
