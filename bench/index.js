import { MemorySaver } from "@langchain/langgraph-checkpoint";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { buildAgent, converse, SUPERSTEPS_A_TURN, text, wordStream } from "./agent.js";
import { itemBytes, RawStorage } from "../scripts/lib/raw-storage.js";
import { Budgets } from "./budgets.js";
import { printBundleSize } from "./bundle-size.js";
import { printColdStart } from "./cold-start.js";
import { printLease } from "./lease.js";
import { median, Meter } from "./meter.js";
import { heading, megabytes, tableOf } from "./print.js";
import { printServer } from "./server.js";
import { printStore } from "./store.js";
import { printVariants } from "./variants.js";
import { printVectors } from "./vectors.js";

/** DESIGN: "3 or fewer, at 50 turns and at 200". */
const MAX_WRITE_UNITS = 3;

/**
 * Prints what the saver costs, as the servers report it, and fails where a budget is broken.
 * @param {object} servers
 * @param {{ endpoint: string }} servers.dynamodb
 * @param {{ endpoint: string, bucket: string }} servers.s3
 * @param {{ accessKeyId: string, secretAccessKey: string }} servers.credentials
 */
export async function bench({ dynamodb: { endpoint }, s3, credentials }) {
  const tableName = "bench";
  const meter = new Meter();
  const options = { tableName, region: "us-east-1", credentials, endpoint, onEvent: meter.onEvent };
  const storage = new RawStorage({ credentials, dynamodb: { endpoint, tableName }, s3 });
  await new DynamoDBSaver(options).setup();

  const budgets = new Budgets();
  for (const turns of [50, 200]) {
    const threadId = `3b241101-e2bb-4255-8caf-${String(turns).padStart(12, "0")}`; // as long as ids are
    const supersteps = turns * SUPERSTEPS_A_TURN;
    const warm = new DynamoDBSaver(options);
    meter.reset();
    const ours = await converse(buildAgent(warm), threadId, turns);
    const memory = new MemorySaver();
    const floor = await converse(buildAgent(memory), threadId, turns);

    heading(`${turns} turns, ${supersteps} supersteps: 4 nodes, answers of 1 KB, one constant channel of 20 KB`);
    printOperations(meter, supersteps);
    const { writeUnits, bytesSent } = meter.total();
    const items = await storage.items(threadId);
    const units = writeUnits / supersteps;
    const judged = budgets.judge(`write units a superstep, ${turns} turns`, units, MAX_WRITE_UNITS);
    console.log(`write units a superstep   ${units.toFixed(2)}, budget ${MAX_WRITE_UNITS}: ${judged}`);
    console.log(`  the whole state each time ${(wholeStateUnits(memory) / supersteps).toFixed(0)}`);
    console.log(`sent                      ${megabytes(bytesSent)}`);
    console.log(`stored                    ${megabytes(items.reduce((sum, item) => sum + itemBytes(item), 0))}`);
    console.log(
      `time a turn, median       ${median(ours).toFixed(1)} ms here, ${median(floor).toFixed(1)} ms on MemorySaver`,
    );

    await printReads(options, warm, memory, meter, threadId);
  }
  await printLease(options, meter, budgets);
  await printServer(options, meter, budgets);
  await printVariants(options, s3, storage);
  await printLargeChannel(options, meter);
  await printStore(options, meter);
  await printVectors(options, meter);
  await printBundleSize(budgets);
  await printColdStart();
  budgets.check();
}

/**
 * The write units of a saver that stores the whole state with every checkpoint, plain: 1 for each KB of an item.
 * MemorySaver keeps just those bytes.
 * @param {MemorySaver} memory
 */
function wholeStateUnits({ storage, writes }) {
  const checkpoints = Object.values(storage)
    .flatMap(Object.values)
    .flatMap(Object.values)
    .map(([checkpoint, metadata]) => checkpoint.length + metadata.length);
  const tasks = Object.values(writes).flatMap((one) => Object.values(one).map(([, , value]) => value.length));
  return [...checkpoints, ...tasks].reduce((units, bytes) => units + Math.ceil(bytes / 1_024), 0);
}

/**
 * @param {ConstructorParameters<typeof DynamoDBSaver>[0]} options
 * @param {DynamoDBSaver} warm
 * @param {MemorySaver} memory with the same thread
 * @param {Meter} meter
 * @param {string} threadId
 */
async function printReads(options, warm, memory, meter, threadId) {
  const config = { configurable: { thread_id: threadId, checkpoint_ns: "" } };
  const fresh = () => new DynamoDBSaver(options);
  const table = tableOf(
    "operation",
    "requests",
    "bytes received",
    "read units",
    "write units",
    "median ms",
    "MemorySaver ms",
  );
  /**
   * @param {string} name
   * @param {() => Promise<unknown>} ours
   * @param {() => Promise<unknown>} floor
   */
  const row = async (name, ours, floor, rounds = 1) => {
    meter.reset();
    const times = await elapsedEach(ours, rounds);
    const floorTimes = await elapsedEach(floor, rounds);
    const { requests, bytesReceived, readUnits, writeUnits } = meter.total();
    const perRound = [requests, bytesReceived, readUnits, writeUnits].map((n) => Math.round((n / rounds) * 10) / 10);
    table.push([name, ...perRound, median(times).toFixed(1), median(floorTimes).toFixed(1)]);
  };
  await row(
    "latest, warm",
    () => warm.getTuple(config),
    () => memory.getTuple(config),
    20,
  );
  await row(
    "latest, cold",
    () => fresh().getTuple(config),
    () => memory.getTuple(config),
    20,
  );
  await row(
    "history of 50, cold",
    () => drain(fresh().list(config, { limit: 50 })),
    () => drain(memory.list(config, { limit: 50 })),
  );
  await row(
    "all history, cold",
    () => drain(fresh().list(config)),
    () => drain(memory.list(config)),
  );
  await row(
    "deleteThread",
    () => fresh().deleteThread(threadId),
    () => memory.deleteThread(threadId),
  );
  console.log(table.toString());
}

/**
 * @param {ConstructorParameters<typeof DynamoDBSaver>[0]} options
 * @param {Meter} meter
 */
async function printLargeChannel(options, meter) {
  heading("1 KB appended to a channel of 5 MB");
  const saver = new DynamoDBSaver(options);
  const words = wordStream();
  const value = Array.from({ length: 5_000 }, () => text(words, 1_000));
  let config = { configurable: { thread_id: "bench-large", checkpoint_ns: "" } };
  for (let version = 1; version <= 5; version++) {
    if (version > 1) value.push(text(words, 1_000));
    const id = `1ef00000-0000-6000-8000-00000000000${version}`;
    const checkpoint = {
      v: 4,
      id,
      ts: "",
      channel_values: { document: value },
      channel_versions: { document: version },
      versions_seen: {},
    };
    meter.reset();
    const ms = await elapsed(async () => {
      config = /** @type {typeof config} */ (
        await saver.put(config, checkpoint, { source: "loop", step: version, parents: {} }, { document: version })
      );
    });
    const { requests, bytesSent, writeUnits } = meter.total();
    console.log(
      `${version === 1 ? "first put " : "append    "} ${requests} requests, ${bytesSent} bytes sent, ` +
        `${writeUnits} write units, ${ms.toFixed(0)} ms`,
    );
  }
  await saver.deleteThread("bench-large");
}

/** @param {Meter} meter @param {number} supersteps */
function printOperations(meter, supersteps) {
  const table = tableOf(
    "operation",
    "requests",
    "a superstep",
    "bytes sent",
    "bytes received",
    "read units",
    "write units",
    "median ms",
  );
  for (const [operation, t] of meter.byOperation) {
    table.push([
      operation,
      t.requests,
      (t.requests / supersteps).toFixed(2),
      t.bytesSent,
      t.bytesReceived,
      t.readUnits,
      t.writeUnits,
      median(t.durationsMs).toFixed(1),
    ]);
  }
  console.log(table.toString());
}

/**
 * @param {() => Promise<unknown>} operation
 * @param {number} rounds
 */
async function elapsedEach(operation, rounds) {
  const times = [];
  for (let round = 0; round < rounds; round++) times.push(await elapsed(operation));
  return times;
}

/** @param {() => Promise<unknown>} operation */
async function elapsed(operation) {
  const start = performance.now();
  await operation();
  return performance.now() - start;
}

/** @param {AsyncIterable<unknown>} items */
async function drain(items) {
  let count = 0;
  for await (const _ of items) count++;
  return count;
}
