/** Wallets that the browser holds: EIP-1193 requests, found by EIP-6963 announcements. Nothing is asked of a host. */

export type Address = `0x${string}`;
export type Hex = `0x${string}`;

export interface Provider {
  request(asked: { method: string; params?: readonly unknown[] | object }): Promise<unknown>;
  on?(event: string, listener: (told: never) => void): unknown;
  removeListener?(event: string, listener: (told: never) => void): unknown;
}

export interface WalletInfo {
  uuid: string;
  name: string;
  /** A data URL; others are not shown, since they would be fetched from somewhere. */
  icon: string;
  rdns: string;
}

export interface FoundWallet {
  info: WalletInfo;
  provider: Provider;
}

/** An announcement as EIP-6963 has it; anything may dispatch the event, so its shape is looked at. */
export function walletOf(detail: unknown): FoundWallet | null {
  if (typeof detail !== "object" || detail === null) return null;
  const { info, provider } = detail as { info?: Record<string, unknown>; provider?: Provider };
  if (typeof info !== "object" || info === null || typeof provider?.request !== "function") return null;
  const { uuid, name, icon, rdns } = info;
  if (typeof uuid !== "string" || typeof name !== "string" || name.trim() === "") return null;
  const picture = typeof icon === "string" && /^data:image\//.test(icon) ? icon : "";
  return {
    info: { uuid, name: name.trim().slice(0, 60), icon: picture, rdns: typeof rdns === "string" ? rdns : "" },
    provider,
  };
}

/** The list with one more wallet; the same wallet announced again takes its own place. */
export function withWallet(known: readonly FoundWallet[], found: FoundWallet): FoundWallet[] {
  const at = known.findIndex((one) => one.info.uuid === found.info.uuid);
  return at < 0 ? [...known, found] : known.map((one, i) => (i === at ? found : one));
}

/** Tells of each wallet that is there, and of those that come later. Returns how to stop. */
export function discover(tell: (found: FoundWallet) => void, page: Window = window): () => void {
  const listen = (event: Event) => {
    const found = walletOf((event as CustomEvent).detail);
    if (found) tell(found);
  };
  page.addEventListener("eip6963:announceProvider", listen);
  page.dispatchEvent(new Event("eip6963:requestProvider"));
  return () => page.removeEventListener("eip6963:announceProvider", listen);
}

/** What `wallet_addEthereumChain` is told when a wallet does not know the chain. */
export interface ChainOffer {
  chainId: number;
  name: string;
  rpcUrl: string;
}

export const hexOf = (value: number | bigint): Hex => `0x${value.toString(16)}`;

/** Brings a wallet to the chain: switches, and where it does not know the chain (4902), offers it first. */
export async function bringToChain(provider: Provider, offer: ChainOffer): Promise<void> {
  const params = [{ chainId: hexOf(offer.chainId) }];
  try {
    await provider.request({ method: "wallet_switchEthereumChain", params });
  } catch (error) {
    if (codeOf(error) !== 4902) throw error;
    await provider.request({
      method: "wallet_addEthereumChain",
      params: [
        {
          chainId: hexOf(offer.chainId),
          chainName: offer.name,
          nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
          rpcUrls: [offer.rpcUrl],
        },
      ],
    });
    await provider.request({ method: "wallet_switchEthereumChain", params });
  }
}

/** The number of an error; some wallets wrap the one that counts. */
export function codeOf(error: unknown): number | null {
  for (let one = error, depth = 0; typeof one === "object" && one !== null && depth < 4; depth += 1) {
    const { code, data } = one as { code?: unknown; data?: { originalError?: unknown } };
    const inner = data && typeof data === "object" ? data.originalError : undefined;
    if (inner === undefined || inner === null) return typeof code === "number" ? code : null;
    one = inner;
  }
  return null;
}
