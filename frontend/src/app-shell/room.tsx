"use client";
import { createContext, type ReactNode, useContext } from "react";
import { type Room, useRoomSource } from "./use-room";

const Context = createContext<Room | null>(null);

/** One connection for all pages: it stays while the reader goes from one to the next. */
export function RoomProvider({ children }: { children: ReactNode }) {
  return <Context value={useRoomSource()}>{children}</Context>;
}

/** The live connection and what it told, the catalog, the summary, the domain clock. */
export function useRoom(): Room {
  const room = useContext(Context);
  if (!room) throw new Error("useRoom is for what stands inside the shell");
  return room;
}
