import { choiceFrom } from "@/features/settlement/selection";
import { SettlementPage } from "@/features/settlement/settlement-page";
import { publicConfig } from "@/lib/upstream";

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function Page({ searchParams }: Props) {
  return (
    <SettlementPage initial={choiceFrom(await searchParams)} rpcUrl={publicConfig(process.env).rpc_url} />
  );
}
