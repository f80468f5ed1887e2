import { SystemMessage } from "@langchain/core/messages";
import type { LangGraphRunnableConfig } from "@langchain/langgraph/web";

/** A user's memories are one namespace of the store. A label may not have these signs in it, and an e-mail address has. */
const namespaceOf = (userId: string): string[] => ["memories", userId.replace(/[%.:\0]/g, encoded)];

const encoded = (sign: string): string => `%${sign.charCodeAt(0).toString(16).padStart(2, "0")}`;

/** So many are shown to the model: the oldest ones, which tend to be the ones that say who somebody is. */
const MAX_SHOWN = 50;

/** What is known about the user, for the model; nothing if nobody has said who it is. */
export async function recall(userId: string | undefined, { store }: LangGraphRunnableConfig): Promise<SystemMessage[]> {
  if (userId === undefined || !store) return [];
  const memories = await store.search(namespaceOf(userId), { limit: MAX_SHOWN });
  if (memories.length === 0) return [];
  return [new SystemMessage(`What you know about the customer:\n${memories.map(({ value }) => `- ${String(value["text"])}`).join("\n")}`)];
}

/** @param id the same when a step is run again, so that nothing is remembered twice */
export async function remember(userId: string, id: string, text: string, { store }: LangGraphRunnableConfig): Promise<void> {
  await store?.put(namespaceOf(userId), id, { text });
}
