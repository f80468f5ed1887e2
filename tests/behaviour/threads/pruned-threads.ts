import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { collect, emptyThread, idsOf, noiseText, putChain, type Step } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";

export const plainSaver = (keyPrefix: string): DynamoDBSaver => createSaver({ keyPrefix, compression: "none" });

export const idsIn = async (saver: DynamoDBSaver, threadId: string, ns = ""): Promise<string[]> =>
  idsOf(await collect(saver.list({ configurable: { thread_id: threadId, checkpoint_ns: ns } })));

/** Each step replaces a document, and leaves another one as it is. */
export async function putDocuments(saver: DynamoDBSaver, steps: number, start = emptyThread("t")): Promise<Step[]> {
  const documents = Array.from({ length: steps }, (_, i) => ({
    document: noiseText(2_000, i + 1),
    ...(i === 0 && { constant: noiseText(3_000, 99) }),
  }));
  const chain = await putChain(saver, start, documents);
  for (const [i, { config }] of chain.entries()) await saver.putWrites(config, [["document", i]], "task");
  return chain;
}
