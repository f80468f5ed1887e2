import type { Fetch } from "langgraph-checkpoint-dynamodb";
import { SimulatedBucket } from "../../simulation/world/bucket.js";
import type { Input } from "../../simulation/world/inputs.js";
import { answerOf, errorOf, read } from "../../simulation/world/protocol.js";
import { SimulatedTable } from "../../simulation/world/table.js";
import { ServiceError } from "../../simulation/world/service-error.js";
import { BUCKET } from "../stored/s3-client.js";

const PAGE_BYTES = 1_048_576;

/** A table and a bucket in memory, those of the simulated world, which answer at once. */
export const memoryServers = (): Fetch => openMemoryServers().fetch;

/** As {@link memoryServers}, with what they hold. */
export function openMemoryServers(): { fetch: Fetch; table: SimulatedTable; bucket: SimulatedBucket } {
  let requests = 0;
  const table = new SimulatedTable(PAGE_BYTES, () => requests);
  const bucket = new SimulatedBucket(BUCKET, () => requests);
  const call = (operation: string, input: Input): object => {
    if (operation === "Scan") {
      const prefix: string = input.ExpressionAttributeValues[":prefix"].S;
      return { Items: table.items().filter(({ PK }) => (PK!.S as string).startsWith(prefix)) };
    }
    if (operation !== "BatchWriteItem") return table.call(operation, input, Infinity, 1);
    for (const write of table.batch(input)) table.write(write);
    return { UnprocessedItems: {} };
  };
  const fetch: Fetch = async (url, init) => {
    requests++;
    const request = read(url, init);
    // As with real servers, other things happen before the answer is there.
    await new Promise((resolve) => setImmediate(resolve));
    if (request.to === "bucket") {
      const { status, body, headers } = bucket.call({ ...request, body: request.bytes, late: false });
      return answerOf(status, body, headers);
    }
    try {
      return answerOf(200, JSON.stringify(call(request.operation, request.input)));
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return errorOf(400, error.code, error.message, error.item);
    }
  };
  return { fetch, table, bucket };
}
