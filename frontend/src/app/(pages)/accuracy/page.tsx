import { AccuracyPage } from "@/features/accuracy/accuracy-page";

export default function Page() {
  return <AccuracyPage />;
}
