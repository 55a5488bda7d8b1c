/** One line for whoever runs this: what failed and why, no value of anybody. */
export function told(event: string, error: unknown): void {
  const why = error instanceof Error ? `${error.name}: ${error.message}` : "unknown";
  process.stderr.write(`${JSON.stringify({ level: "warning", event, why })}\n`);
}
