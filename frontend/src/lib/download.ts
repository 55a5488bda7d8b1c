/** Files for the reader: of what is on screen, or as a service writes them. */
import { ApiProblem, problemFrom } from "./api";

export const PARQUET = "application/vnd.apache.parquet";

export function saveBlob(name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser has taken the file over by the next turn of the loop; a second is plenty.
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}

export function saveText(name: string, type: string, text: string): void {
  saveBlob(name, new Blob([text], { type: `${type};charset=utf-8` }));
}

/** The same address as the page reads, in another format by content negotiation. */
export async function saveFrom(path: string, accept: string, name: string): Promise<void> {
  let answer: Response;
  try {
    answer = await fetch(path, { headers: { Accept: accept } });
  } catch {
    throw new ApiProblem("The dashboard's own server does not answer. Is the stack still up?", 0);
  }
  if (!answer.ok) throw await problemFrom(answer);
  const type = answer.headers.get("content-type") ?? "";
  if (!type.startsWith(accept)) throw new ApiProblem(`The service has no ${accept} of this.`, 406);
  saveBlob(name, await answer.blob());
}
