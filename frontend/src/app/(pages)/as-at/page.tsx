import type { Metadata } from "next";
import { AsAtPage } from "@/features/as-at/as-at-page";

export const metadata: Metadata = { title: "Gridseal — as at" };

export default function Page() {
  return <AsAtPage />;
}
