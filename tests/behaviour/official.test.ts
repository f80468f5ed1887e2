import { deltaChannelHistoryTests, specTest } from "@langchain/langgraph-checkpoint-validation";
import { createSaver } from "../lanes/harness.js";

const initializer = {
  checkpointerName: "langgraph-checkpoint-dynamodb",
  createCheckpointer: () => createSaver(),
};

specTest(initializer);
// `specTest` leaves these out.
deltaChannelHistoryTests(initializer);
