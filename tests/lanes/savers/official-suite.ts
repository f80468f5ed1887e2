import { deltaChannelHistoryTests, specTest } from "@langchain/langgraph-checkpoint-validation";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { createSaver } from "./harness.js";

/** LangGraph's official validation suite, whole, on a saver with these options. */
export function officialSuite(
  name: string,
  options: Parameters<typeof createSaver>[0] = {},
  change = (saver: DynamoDBSaver): DynamoDBSaver => saver,
): void {
  const initializer = { checkpointerName: name, createCheckpointer: () => change(createSaver(options)) };
  specTest(initializer);
  // `specTest` leaves these out.
  deltaChannelHistoryTests(initializer);
}
