import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { SignIn } from "@/features/sign-in/sign-in";
import { publicConfig } from "@/lib/upstream";
import { safeBack } from "@/sign-in/login";
import { providerSettings } from "@/sign-in/provider";

export const metadata: Metadata = { title: "Gridseal — sign in" };

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function Page({ searchParams }: Props) {
  const { back: asked, why } = await searchParams;
  const back = safeBack(typeof asked === "string" ? asked : null);
  if (publicConfig(process.env).development) redirect(back);
  const provider = providerSettings(process.env)?.issuer.host ?? null;
  return <SignIn back={back} provider={provider} why={typeof why === "string" ? why : null} />;
}
