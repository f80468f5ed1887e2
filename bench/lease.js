import { buildAgent, converse, SUPERSTEPS_A_TURN } from "./agent.js";
import { countingSegments, median } from "./meter.js";
import { heading, tableOf } from "./print.js";

/** At most: 1 reads the thread, 6 store checkpoints, and 5 what tasks have written. A lease takes 2 more. */
const REQUESTS = { free: 12, held: 14 };
/** By how much a superstep under a lease may take more write units: this part of those that it takes without. */
const MORE_UNITS = 0.02;
const TURNS = 20;

/**
 * A turn without a lease and under one. Renewals are none of it: the lease is longer than a turn. Requests that store
 * segments depend on the values alone, so they are counted apart.
 * @param {import("langgraph-checkpoint-dynamodb").DynamoDBSaverOptions} options
 * @param {import("./meter.js").Meter} meter
 * @param {import("./budgets.js").Budgets} budgets
 */
export async function printLease(options, meter, budgets) {
  const { saver, stored } = countingSegments(options);
  heading(`a turn of 4 nodes under a lease, the mean of ${TURNS}`);
  const table = tableOf("", "requests", "of segments besides", "write units", "median ms");
  /** @param {string} name @param {() => Promise<number[]>} turns */
  const row = async (name, turns) => {
    meter.reset();
    stored.segments = 0;
    const durationsMs = await turns();
    const total = meter.total();
    const requests = (total.requests - stored.segments) / TURNS;
    const writeUnits = total.writeUnits / TURNS;
    table.push([name, requests, stored.segments / TURNS, writeUnits.toFixed(2), median(durationsMs).toFixed(1)]);
    return { requests, writeUnits };
  };
  const agent = buildAgent(saver);
  // Ids of one length: they are part of what is stored.
  const [freeThread, heldThread] = ["bench-free", "bench-held"];
  for (const threadId of [freeThread, heldThread]) await converse(agent, threadId, 1);
  const free = await row("without", () => converse(agent, freeThread, TURNS));
  const held = await row("under a lease", () => converse(agent, heldThread, TURNS, { saver }));
  const lease = await row("to acquire and release", async () => {
    const durationsMs = [];
    for (let turn = 0; turn < TURNS; turn++) {
      const start = performance.now();
      await saver.withLease(heldThread, () => {});
      durationsMs.push(performance.now() - start);
    }
    return durationsMs;
  });
  for (const threadId of [freeThread, heldThread]) await saver.deleteThread(threadId);
  console.log(table.toString());

  const unitsHeld = held.writeUnits - lease.writeUnits;
  const more = unitsHeld / free.writeUnits - 1;
  console.log(
    `write units a superstep   ${(free.writeUnits / SUPERSTEPS_A_TURN).toFixed(2)}, under a lease ` +
      `${(unitsHeld / SUPERSTEPS_A_TURN).toFixed(2)}: ${(100 * more).toFixed(1)} % more`,
  );
  for (const [what, measured, most] of /** @type {const} */ ([
    ["requests without a lease", free.requests, REQUESTS.free],
    ["requests under a lease", held.requests, REQUESTS.held],
    ["% more write units under a lease", 100 * more, 100 * MORE_UNITS],
  ]))
    console.log(`budget                    ${most} ${what}: ${budgets.judge(what, measured, most)}`);
}
