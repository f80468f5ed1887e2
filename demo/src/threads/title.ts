import { useEffect } from "react";
import { textOf } from "./checkpoint.js";
import type { Message } from "./threads.js";

const PAGE = "Threads in DynamoDB";
const MOST_CHARACTERS = 80;

/** What a conversation is about: its first question, which tells more to a person than an id. */
export function titleOf(messages: readonly Message[] | undefined): string | undefined {
  const question = messages?.find(({ type }) => type === "human");
  const [line = ""] = question ? textOf(question).trim().split("\n", 1) : [];
  return (line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line) || undefined;
}

/** The title of the tab, while what asks for it is shown. */
export function useTitle(about: string | undefined, state?: string): void {
  useEffect(() => {
    if (about !== undefined) document.title = state ? `${state}: ${about}` : `${about} · ${PAGE}`;
    return () => {
      document.title = PAGE;
    };
  }, [about, state]);
}
