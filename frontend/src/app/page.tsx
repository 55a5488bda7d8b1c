import { ControlRoom } from "@/features/control-room/control-room";
import { selectionFrom } from "@/features/control-room/selection";
import { publicConfig } from "@/lib/upstream";

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function Page({ searchParams }: Props) {
  const selection = selectionFrom(await searchParams);
  return <ControlRoom development={publicConfig(process.env).development} initial={selection} />;
}
