"use client";
import { useState } from "react";
import { Button } from "@/ui/button";
import { CopyButton } from "@/ui/copy-button";
import { Dialog } from "@/ui/dialog";
import { State } from "@/ui/state";
import { useLanguage, useWords } from "@/words/use-words";
import { walletWords } from "@/words/wallet";
import { shortHex } from "./amount";
import { decodeError } from "./contracts";
import { bringToChain, type FoundWallet } from "./provider";
import { refusalOf } from "./refusal";
import { refusalText, type Token } from "./say";
import type { Session } from "./use-session";
import { type Connected, useWallet } from "./use-wallet";

interface Props {
  chainId: number;
  rpcUrl: string;
  token: Token;
  session: Session;
}

/** Who is connected, on which chain, and whether signed in; the way to each. */
export function WalletBar({ chainId, rpcUrl, token, session }: Props) {
  const words = useWords(walletWords);
  const { language } = useLanguage();
  const { connected, disconnect } = useWallet();
  const [choosing, setChoosing] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const attempt = async (what: () => Promise<void>) => {
    setProblem(null);
    try {
      await what();
      return true;
    } catch (error) {
      setProblem(refusalText(refusalOf(error, decodeError), words, token, language));
      return false;
    }
  };
  const wrong = connected !== null && connected.chainId !== chainId;
  const offer = { chainId, name: words.chainName, rpcUrl };
  return (
    <div className="space-y-2" data-testid="wallet-bar">
      <div className="flex flex-wrap items-center gap-2">
        {connected ? (
          <>
            <Account connected={connected} />
            <SignIn attempt={attempt} connected={connected} disabled={wrong} session={session} />
            <Button data-testid="disconnect" look="quiet" onClick={disconnect} small>
              {words.disconnect}
            </Button>
          </>
        ) : (
          <Button data-testid="connect" look="main" onClick={() => setChoosing(true)}>
            {words.connect}
          </Button>
        )}
      </div>
      {wrong && connected ? (
        <div data-testid="wrong-chain">
          <State
            action={
              <Button
                data-testid="switch-chain"
                look="main"
                onClick={() => attempt(() => bringToChain(connected.wallet.provider, offer))}
                small
              >
                {words.switchChain}
              </Button>
            }
            kind="partial"
            title={words.wrongChain(String(connected.chainId), String(chainId))}
          >
            {words.refusals["wrong-chain"]}
          </State>
        </div>
      ) : null}
      {problem ? (
        <p className="text-bad text-xs" data-testid="wallet-problem" role="alert">
          {problem}
        </p>
      ) : null}
      <Choose attempt={attempt} onClose={() => setChoosing(false)} open={choosing} />
    </div>
  );
}

function Account({ connected }: { connected: Connected }) {
  const words = useWords(walletWords);
  return (
    <span
      className="inline-flex items-center gap-2 text-xs"
      data-account={connected.account}
      data-testid="account"
    >
      <Picture wallet={connected.wallet} />
      <span className="sr-only">{words.account}</span>
      <code className="font-mono" title={connected.account}>
        {shortHex(connected.account)}
      </code>
      <CopyButton text={connected.account} what={words.account} />
      <span className="text-muted">{words.chain(String(connected.chainId))}</span>
    </span>
  );
}

type Attempt = (what: () => Promise<void>) => Promise<boolean>;

function SignIn(props: { attempt: Attempt; connected: Connected; disabled: boolean; session: Session }) {
  const { attempt, connected, disabled, session } = props;
  const words = useWords(walletWords);
  const { who } = session;
  if (!who || who.address !== connected.account) {
    return (
      <Button
        data-testid="sign-in"
        disabled={disabled}
        onClick={() => attempt(() => session.signIn(connected, words.statement))}
        small
        title={words.signInText}
      >
        {words.signIn}
      </Button>
    );
  }
  const names: Readonly<Record<string, string>> = words.roles;
  return (
    <>
      <span className="text-muted text-xs" data-testid="signed-in">
        {words.signedIn}: {who.roles.map((role) => names[role] ?? role).join(", ")}
      </span>
      <Button look="quiet" onClick={() => attempt(session.signOut)} small>
        {words.signOut}
      </Button>
    </>
  );
}

function Choose({ attempt, open, onClose }: { attempt: Attempt; open: boolean; onClose: () => void }) {
  const words = useWords(walletWords);
  const { found, connect } = useWallet();
  const choose = async (wallet: FoundWallet) => {
    onClose();
    await attempt(() => connect(wallet));
  };
  return (
    <Dialog onClose={onClose} open={open} testId="choose-wallet" title={words.choose}>
      <div className="space-y-3 p-4">
        {found.length === 0 ? (
          <State kind="empty" title={words.noneTitle}>
            {words.noneText}
          </State>
        ) : (
          <>
            <p className="text-muted text-xs">{words.chooseText}</p>
            <ul className="space-y-2">
              {found.map((wallet) => (
                <li key={wallet.info.uuid}>
                  <button
                    className="flex min-h-10 w-full items-center gap-3 rounded-md border border-line px-3 py-2 text-left hover:bg-raised"
                    data-rdns={wallet.info.rdns}
                    onClick={() => choose(wallet)}
                    type="button"
                  >
                    <Picture wallet={wallet} />
                    <span className="font-medium">{wallet.info.name}</span>
                  </button>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
    </Dialog>
  );
}

function Picture({ wallet }: { wallet: FoundWallet }) {
  if (!wallet.info.icon) return null;
  // biome-ignore lint/performance/noImgElement: a data URL of the wallet's own; there is nothing to optimize
  return <img alt="" className="size-5 rounded" height={20} src={wallet.info.icon} width={20} />;
}
