import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { itemBytes } from "../scripts/lib/raw-storage.js";
import { buildAgent, converse, figures, SUPERSTEPS_A_TURN } from "./agent.js";
import { Meter } from "./meter.js";
import { heading, megabytes, tableOf } from "./print.js";

const TURNS = 50;

/**
 * The trace of 50 turns again: with and without gzip, with a document of 1 MB, and with S3 for it.
 *
 * @param {ConstructorParameters<typeof DynamoDBSaver>[0]} options
 * @param {{ endpoint: string, bucket: string }} s3
 * @param {import("../scripts/lib/raw-storage.js").RawStorage} storage
 */
export async function printVariants(options, s3, storage) {
  heading(`${TURNS} turns in other ways: the constant channel has 20 KB of words, or 1 MB of figures`);
  const table = tableOf(
    "variant",
    "write units a superstep",
    "after turn 1",
    "sent",
    "in DynamoDB",
    "in S3",
    "S3 requests",
  );
  const document = figures(1_000_000);
  for (const variant of [
    { name: "gzip, 20 KB" },
    { name: "none, 20 KB", compression: /** @type {const} */ ("none") },
    { name: "gzip, 1 MB", document },
    { name: "none, 1 MB", document, compression: /** @type {const} */ ("none") },
    { name: "gzip, 1 MB, S3", document, s3 },
    { name: "none, 1 MB, S3", document, s3, compression: /** @type {const} */ ("none") },
  ]) {
    table.push(await rowOf(variant, options, storage));
  }
  console.log(table.toString());
}

/**
 * @param {{ name: string, document?: string, s3?: { endpoint: string, bucket: string }, compression?: "none" }} variant
 * @param {ConstructorParameters<typeof DynamoDBSaver>[0]} options
 * @param {import("../scripts/lib/raw-storage.js").RawStorage} storage
 */
async function rowOf({ name, document, s3, compression }, options, storage) {
  const meter = new Meter();
  const saver = new DynamoDBSaver({
    ...options,
    onEvent: meter.onEvent,
    compression,
    s3: s3 && { bucket: s3.bucket, endpoint: s3.endpoint },
  });
  const threadId = crypto.randomUUID();
  let firstTurn = 0;
  const afterTurn = (/** @type {number} */ turn) => {
    if (turn === 0) firstTurn = meter.total().writeUnits;
  };
  await converse(buildAgent(saver), threadId, TURNS, { ...(document && { document }), afterTurn });

  const { writeUnits, bytesSent } = meter.total();
  const s3Requests = [...meter.byOperation].filter(([operation]) => operation.endsWith("Object"));
  const items = await storage.items(threadId);
  const objects = await storage.objects(threadId);
  await saver.deleteThread(threadId);
  return [
    name,
    (writeUnits / TURNS / SUPERSTEPS_A_TURN).toFixed(2),
    ((writeUnits - firstTurn) / (TURNS - 1) / SUPERSTEPS_A_TURN).toFixed(2),
    megabytes(bytesSent),
    megabytes(items.reduce((sum, item) => sum + itemBytes(item), 0)),
    megabytes(objects.reduce((sum, { bytes }) => sum + bytes, 0)),
    s3Requests.map(([operation, { requests }]) => `${requests} ${operation}`).join(", ") || "none",
  ];
}
