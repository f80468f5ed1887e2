import type { Item } from "@langchain/langgraph-checkpoint";
import type { DynamoDBStore } from "../../store/store.js";
import type { Context } from "../context.js";
import { wireSerde } from "../repair/wire-serde.js";

/** A store on the table of a command, which takes values as they are stored. It embeds nothing. */
export async function openStore({ options }: Context): Promise<DynamoDBStore> {
  const { DynamoDBStore } = await import("../../store/store.js");
  return new DynamoDBStore({ ...options, serde: wireSerde });
}

/** What `--json` and an export give of an item. */
export const itemJson = ({ namespace, key, value, createdAt, updatedAt }: Item): Record<string, unknown> => ({
  namespace,
  key,
  value,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
});
