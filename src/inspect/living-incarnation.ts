import type { Thread } from "../checkpoint/refs.js";
import type { Storage } from "../checkpoint/storage.js";
import { invalidInput } from "../errors.js";

/** The incarnation of a thread. @throws DynamoDBSaverError `INVALID_INPUT` where there is no such thread */
export async function livingIncarnation({ incarnations }: Storage, thread: Thread): Promise<string> {
  const born = await incarnations.current(thread);
  if (born !== undefined) return born;
  throw invalidInput(`There is no thread ${JSON.stringify(thread.id)}. \`threads\` lists those that there are.`);
}
