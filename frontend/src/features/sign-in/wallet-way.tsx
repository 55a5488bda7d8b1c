"use client";
import { useEffect, useState } from "react";
import { getAddress } from "viem/utils";
import { discover, type FoundWallet, withWallet } from "@/features/wallet/provider";
import { useSession } from "@/features/wallet/use-session";
import { Button } from "@/ui/button";
import { signInWords } from "@/words/sign-in";
import { useWords } from "@/words/use-words";

/** Sign-In with Ethereum, by any wallet that has announced itself. */
export function WalletWay({ onDone }: { onDone: () => void }) {
  const words = useWords(signInWords).wallet;
  const session = useSession();
  const [found, setFound] = useState<readonly FoundWallet[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => discover((one) => setFound((known) => withWallet(known, one))), []);
  const signIn = async (wallet: FoundWallet) => {
    setProblem(null);
    try {
      const [account] = (await wallet.provider.request({ method: "eth_requestAccounts" })) as string[];
      const chainId = Number(await wallet.provider.request({ method: "eth_chainId" }));
      if (!account) return;
      await session.signIn({ wallet, account: getAddress(account), chainId }, words.statement);
      onDone();
    } catch (error) {
      setProblem((error as { message?: string }).message ?? String(error));
    }
  };
  return (
    <section className="space-y-2 border-line border-t pt-4">
      <h2 className="font-medium text-sm">{words.title}</h2>
      <p className="text-2xs text-muted">{found.length === 0 ? words.none : words.text}</p>
      <div className="flex flex-wrap gap-2">
        {found.map((wallet) => (
          <Button data-testid="with-wallet" key={wallet.info.uuid} onClick={() => signIn(wallet)}>
            {words.button(wallet.info.name)}
          </Button>
        ))}
      </div>
      {problem ? (
        <p className="text-bad text-xs" role="alert">
          {problem}
        </p>
      ) : null}
    </section>
  );
}
