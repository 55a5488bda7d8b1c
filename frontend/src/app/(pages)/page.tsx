import { ControlRoom } from "@/features/control-room/control-room";
import { selectionFrom } from "@/features/control-room/selection";

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function Page({ searchParams }: Props) {
  return <ControlRoom initial={selectionFrom(await searchParams)} />;
}
