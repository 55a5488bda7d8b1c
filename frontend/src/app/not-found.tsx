import Link from "next/link";

export default function NotFound() {
  return (
    <main className="grid min-h-dvh place-items-center p-6">
      <div className="card max-w-md p-6">
        <h1 className="text-lg font-semibold">There is no such page</h1>
        <p className="mt-2 text-muted">The dashboard has one page, the control room.</p>
        <Link className="mt-4 inline-block font-medium text-accent underline" href="/">
          Open the control room
        </Link>
      </div>
    </main>
  );
}
