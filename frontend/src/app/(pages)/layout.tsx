import type { ReactNode } from "react";
import { Shell } from "@/app-shell/shell";
import { publicConfig } from "@/lib/upstream";

export default function PagesLayout({ children }: { children: ReactNode }) {
  return <Shell development={publicConfig(process.env).development}>{children}</Shell>;
}
