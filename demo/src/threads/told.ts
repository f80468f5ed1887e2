import type { Message } from "./threads.js";

/**
 * The conversation after an event of a run: with a piece of what the model says, or with what a node has written.
 * Undefined where the event says nothing.
 *
 * @param isWhole whether a message was there before, by its id: of a run that is joined, its beginning is told again
 */
export function toldBy(
  event: string,
  data: unknown,
  messages: Message[],
  isWhole: (id: string) => boolean,
): Message[] | undefined {
  if (event === "messages") {
    const [piece] = data as [Message, unknown];
    return piece.id === undefined || isWhole(piece.id) ? undefined : withPiece(messages, piece);
  }
  if (event !== "updates") return undefined;
  return messagesIn(data).reduce(withWhole, messages);
}

/** What nodes have said, by an event of updates. */
export const messagesIn = (data: unknown): Message[] =>
  Object.values(data as Record<string, unknown>).flatMap(messagesOf);

/** A node may write anything, and the question of an interrupt is no node's. */
function messagesOf(update: unknown): Message[] {
  const { messages } = (update ?? {}) as { messages?: unknown };
  return Array.isArray(messages) ? (messages as Message[]) : [];
}

/** Pieces have the id of the message that they become. What it asks of tools is shown when it is whole. */
function withPiece(messages: Message[], piece: Message): Message[] | undefined {
  // The second is how LangGraph's own server calls a piece.
  if (!["ai", "AIMessageChunk"].includes(piece.type) || typeof piece.content !== "string" || piece.content === "")
    return undefined;
  const before = messages.find(({ id }) => id === piece.id);
  const content = (typeof before?.content === "string" ? before.content : "") + piece.content;
  return withWhole(messages, { type: "ai", content, id: piece.id! });
}

const withWhole = (messages: Message[], message: Message): Message[] =>
  message.id !== undefined && messages.some(({ id }) => id === message.id)
    ? messages.map((one) => (one.id === message.id ? message : one))
    : [...messages, message];
