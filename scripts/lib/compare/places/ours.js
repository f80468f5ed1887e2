import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { Meter } from "../../../../bench/meter.js";
import { credentials, itemsOf, region } from "./dynamodb-table.js";

/** @param {{ url: string }} server */
export async function open({ url: endpoint }) {
  const meter = new Meter();
  const options = { tableName: "compared", endpoint, region, credentials, onEvent: meter.onEvent };
  await new DynamoDBSaver(options).setup();
  return {
    saver: () => new DynamoDBSaver(options),
    ...itemsOf(endpoint, [options.tableName]),
    units: () => {
      const { readUnits, writeUnits } = meter.total();
      return { readUnits, writeUnits };
    },
  };
}
