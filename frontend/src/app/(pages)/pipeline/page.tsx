import { PipelinePage } from "@/features/pipeline/pipeline-page";

export default function Page() {
  return <PipelinePage />;
}
