import { requireFrom } from "../peers.js";
import { credentials, dynamodb, itemsOf, region } from "./dynamodb-table.js";

const TABLES = {
  checkpoints: ["thread_id", "checkpoint_id"],
  writes: ["thread_id_checkpoint_id_checkpoint_ns", "task_id_idx"],
};

/** Two tables, as its README makes them. @param {{ url: string, folder: string }} server */
export async function open({ url: endpoint, folder }) {
  const { DynamoDBSaver } = requireFrom(folder, "@rwai/langgraphjs-checkpoint-dynamodb");
  for (const [TableName, [hash, range]] of Object.entries(TABLES))
    await dynamodb(endpoint, "CreateTable", {
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [hash, range].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
      KeySchema: [
        { AttributeName: hash, KeyType: "HASH" },
        { AttributeName: range, KeyType: "RANGE" },
      ],
    });
  const units = { readUnits: 0, writeUnits: 0 };
  /** It asks for no figures itself: its client does for it. @param {any} saver */
  const counted = (saver) => {
    saver.client.middlewareStack.add(
      (/** @type {any} */ next, /** @type {any} */ context) => async (/** @type {any} */ args) => {
        const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: "TOTAL" } });
        const kind = /Get|Query|Scan/.test(context.commandName) ? "readUnits" : "writeUnits";
        for (const { CapacityUnits = 0 } of [result.output.ConsumedCapacity ?? []].flat()) units[kind] += CapacityUnits;
        return result;
      },
      { step: "initialize" },
    );
    return saver;
  };
  return {
    saver: () =>
      counted(
        new DynamoDBSaver({
          clientConfig: { endpoint, region, credentials },
          checkpointsTableName: "checkpoints",
          writesTableName: "writes",
        }),
      ),
    ...itemsOf(endpoint, Object.keys(TABLES)),
    units: () => ({ ...units }),
  };
}
