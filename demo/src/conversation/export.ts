import { textOf, toolCallsOf } from "../threads/checkpoint.js";
import { titleOf } from "../threads/title.js";
import type { Message, Opened } from "../threads/threads.js";

const MOST_CHARACTERS = 80;

/** A thread with all its checkpoints, as the server gives them. */
export const toJson = (opened: Opened): string => JSON.stringify(opened, null, 2);

/** A conversation as a person reads it. */
export function toMarkdown(threadId: string, messages: readonly Message[]): string {
  const parts = messages.map((message) => {
    if (message.type === "tool") return `**${message.name ?? "Tool"}** answered:\n\n${fenced(textOf(message))}`;
    const calls = toolCallsOf(message).map(
      ({ name, args }) => `Asked for **${name}**:\n\n${fenced(JSON.stringify(args, null, 2))}`,
    );
    const who = message.type === "human" ? "You" : message.type === "ai" ? "Agent" : message.type;
    return [`## ${who}`, textOf(message), ...calls].filter(Boolean).join("\n\n");
  });
  return [`# ${titleOf(messages) ?? threadId}`, `Thread ${threadId}`, ...parts].join("\n\n") + "\n";
}

/** A fence that nothing in the text ends. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

/** Gives a person a file. */
export function download(threadId: string, extension: string, type: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = threadId.slice(0, MOST_CHARACTERS) + extension;
  link.click();
  // The browser has taken what it needs when this task is over.
  setTimeout(() => URL.revokeObjectURL(link.href));
}
