import { Conversation } from "./conversation.js";
import { describeParts } from "../parts.js";
import { colors, print, printTable, say } from "../docs/terminal.js";

/**
 * Uploads a document that is too large for an item, and shows where it lies and what the next turn sends.
 *
 * @param {object} options
 * @param {import("@langchain/langgraph-sdk").Client} options.client
 * @param {import("./costs.js").Costs} options.costs
 * @param {string} options.thread
 * @param {import("../raw-storage.js").RawStorage} options.storage
 */
export async function demonstrateDocument({ client, costs, thread, storage }) {
  const conversation = new Conversation(client, thread, costs.add);
  await conversation.upload("watch.log", watchLog());
  const before = {
    sent: costs.sum("bytes_sent"),
    uploads: costs.sum("requests", "PutObject"),
    reads: costs.sum("requests", "GetObject"),
  };
  await conversation.ask("Please find E-417 in my log.", "done");

  print();
  await printParts(storage, thread);
  print();
  const uploads = costs.sum("requests", "PutObject") - before.uploads;
  const reads = costs.sum("requests", "GetObject") - before.reads;
  say(
    "sent",
    `${count(costs.sum("bytes_sent") - before.sent)} bytes for that question: objects written ${uploads}, read ` +
      `${reads}`,
  );
  if (uploads > 0) throw new Error("The demonstration went wrong: a question uploaded the document again.");

  const stored = await countStored(storage, thread);
  await conversation.delete();
  const left = await countStored(storage, thread);
  say("deleted", `items ${stored.items} → ${left.items}, objects ${stored.objects} → ${left.objects}`);
  if (left.items + left.objects > 0)
    throw new Error("The demonstration went wrong: a deleted thread left something behind.");
}

/**
 * @param {import("../raw-storage.js").RawStorage} storage
 * @param {string} thread
 */
async function printParts(storage, thread) {
  const parts = await describeParts(await storage.items(thread), await storage.objects(thread));
  const small = parts.filter(({ bytes, inline }) => bytes === inline);
  const smallBytes = small.reduce((sum, { bytes }) => sum + bytes, 0);
  printTable(
    ["latest checkpoint", "bytes", "in its item", "segments, gzip", "S3, gzip", "object"],
    [
      ...parts.filter((part) => !small.includes(part)),
      { name: "the rest", bytes: smallBytes, inline: smallBytes, inItems: 0, objects: [] },
    ].map(({ name, bytes, inline, inItems, objects }) => [
      name,
      count(bytes),
      count(inline),
      count(inItems),
      count(objects.reduce((sum, object) => sum + object.bytes, 0)),
      colors.dim(objects.map(({ key }) => shortKey(key)).join(", ")),
    ]),
    ["left", "right", "right", "right", "right", "left"],
  );
}

/**
 * @param {import("../raw-storage.js").RawStorage} storage
 * @param {string} thread
 */
async function countStored(storage, thread) {
  return { items: (await storage.items(thread)).length, objects: (await storage.objects(thread)).length };
}

/** @param {number} n */
const count = (n) => n.toLocaleString("en-US");

/**
 * The folder of a thread and the hash of a segment, each by its beginning.
 *
 * @param {string} key
 */
const shortKey = (key) =>
  key
    .split("/")
    .map((part) => `${part.slice(0, 8)}…`)
    .join("/");

/** What a sports watch writes on a long tour: figures, which compress, but not to nothing. */
function watchLog() {
  let state = 42;
  const random = (/** @type {number} */ below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // Numerical Recipes' linear congruential generator
    return Math.floor((state / 2 ** 32) * below);
  };
  const lines = [];
  for (let second = 0; second < 20_000; second++) {
    const time = new Date(Date.UTC(2026, 8, 19, 6) + second * 1_000).toISOString();
    const digits = (/** @type {number} */ n) => String(random(10 ** n)).padStart(n, "0");
    lines.push(
      `${time} 47.${digits(7)} 11.${digits(7)} ele=${1_000 + random(1_500)}.${digits(2)} hr=${90 + random(80)} ` +
        `acc=${digits(6)},${digits(6)},${digits(6)}`,
    );
    if (second === 13_336) lines.push(`${time} ERROR E-417 barometer: no reading for 30 s, altitude taken from GPS`);
  }
  return lines.join("\n");
}
