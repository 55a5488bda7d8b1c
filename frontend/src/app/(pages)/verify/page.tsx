import { VerifyPage } from "@/features/verify/verify-page";
import { publicConfig } from "@/lib/upstream";

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function Page({ searchParams }: Props) {
  const { run, series } = await searchParams;
  return (
    <VerifyPage
      rpcUrl={publicConfig(process.env).rpc_url}
      run={typeof run === "string" && /^[0-9a-zA-Z-]{1,64}$/.test(run) ? run : null}
      series={typeof series === "string" && series.length < 128 ? series : null}
    />
  );
}
