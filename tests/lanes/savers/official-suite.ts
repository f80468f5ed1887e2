import { deltaChannelHistoryTests, specTest } from "@langchain/langgraph-checkpoint-validation";
import { createSaver } from "./harness.js";

/** LangGraph's official validation suite, whole, on a saver with these options. */
export function officialSuite(name: string, options: Parameters<typeof createSaver>[0] = {}): void {
  const initializer = { checkpointerName: name, createCheckpointer: () => createSaver(options) };
  specTest(initializer);
  // `specTest` leaves these out.
  deltaChannelHistoryTests(initializer);
}
