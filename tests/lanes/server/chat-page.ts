import { mounted, type Mounted } from "./mounted.js";
import type { Message } from "@langchain/langgraph-sdk";
import { useStream, type ResolveStreamInterface, type UseStreamOptions } from "@langchain/langgraph-sdk/react";

/* A page with `useStream` of the published SDK. */

export interface Chat extends Record<string, unknown> {
  messages: Message[];
}
interface Bag {
  InterruptType: string;
}

export type ChatPage = Mounted<ResolveStreamInterface<Chat, Bag>>;

/** @param options what differs from the page of the graph `agent` with its history */
export const chatPage = (apiUrl: string, options: Partial<UseStreamOptions<Chat, Bag>> = {}): Promise<ChatPage> =>
  mounted(() => useStream<Chat, Bag>({ apiUrl, assistantId: "agent", fetchStateHistory: true, ...options }));

export const say = (content: string): { messages: Message[] } => ({ messages: [{ type: "human", content }] });
export const texts = (messages: Message[]): unknown[] => messages.map(({ content }) => content);
