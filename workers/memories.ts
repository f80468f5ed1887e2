import type { LangGraphRunnableConfig } from "@langchain/langgraph/web";

/** The store holds what one user has, so there is no need to say whose memories they are. */
const MEMORIES = ["memories"];

/** So many are shown to the model: the oldest ones, which tend to be the ones that say who somebody is. */
const MAX_SHOWN = 50;

/** What is known about the user. */
export async function recall({ store }: LangGraphRunnableConfig): Promise<string[]> {
  const memories = (await store?.search(MEMORIES, { limit: MAX_SHOWN })) ?? [];
  return memories.map(({ value }) => String(value["text"]));
}

/** @param id the same when a step is run again, so that nothing is remembered twice */
export async function remember(id: string, text: string, { store }: LangGraphRunnableConfig): Promise<void> {
  await store?.put(MEMORIES, id, { text });
}
