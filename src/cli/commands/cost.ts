import { InvalidArgumentError, type Command } from "commander";
import { threadId } from "../arguments.js";
import type { ThreadUsage } from "../../inspect/thread-usage.js";
import type { Context, Open } from "../context.js";
import { FoundWrong } from "../errors.js";
import { withExample } from "../help.js";
import { dollars, GIGABYTE, ITEM_OVERHEAD_BYTES, PRICE_SOURCES, PRICES, type Prices } from "../prices.js";
import { bytes as size, count, counted } from "../numbers.js";
import { bold, dim, red } from "../text.js";

interface Options {
  writePrice: number;
  readPrice: number;
  storagePrice: number;
  s3PutPrice: number;
  s3GetPrice: number;
  s3StoragePrice: number;
}

export function addCost(program: Command, open: Open): void {
  const cost = program
    .command("cost")
    .argument("<thread>", "its id", threadId)
    .description("show what a thread takes in the table and in S3, and what its steps cost; reads all of it once")
    .option("--write-price <dollars>", "a million write units", price, PRICES.write)
    .option("--read-price <dollars>", "a million read units", price, PRICES.read)
    .option("--storage-price <dollars>", "a gigabyte in the table for a month", price, PRICES.storage)
    .option("--s3-put-price <dollars>", "a million PUTs", price, PRICES.s3Put)
    .option("--s3-get-price <dollars>", "a million GETs", price, PRICES.s3Get)
    .option("--s3-storage-price <dollars>", "a gigabyte in S3 for a month", price, PRICES.s3Storage)
    .action(async (threadId: string, options: Options, command: Command) => {
      const context = await open(command);
      // Not before it is needed, as the context itself.
      const { threadUsage } = await import("../../inspect/thread-usage.js");
      const usage = await threadUsage(context.storage, threadId);
      await show(context, threadId, usage, pricesOf(options));
      if (usage.problems.length > 0 || usage.objects.missing > 0) throw new FoundWrong();
    });
  withExample(cost, "cost user-42");
}

function price(text: string): number {
  const amount = Number(text);
  if (text.trim() !== "" && Number.isFinite(amount) && amount >= 0) return amount;
  throw new InvalidArgumentError("It must be an amount in dollars, for example 0.625.");
}

const pricesOf = (options: Options): Prices => ({
  write: options.writePrice,
  read: options.readPrice,
  storage: options.storagePrice,
  s3Put: options.s3PutPrice,
  s3Get: options.s3GetPrice,
  s3Storage: options.s3StoragePrice,
});

const MILLION = 1_000_000;

/** What it comes to, in dollars. */
function billOf(
  { steps, kinds, objects, latest, history }: ThreadUsage,
  prices: Prices,
): Record<
  "writeUnits" | "millionSteps" | "millionLoads" | "millionCachedLoads" | "historyOnce" | "storageMonth",
  number
> {
  const all = Object.values(kinds);
  const sum = (field: "items" | "bytes" | "writeUnits"): number => all.reduce((total, kind) => total + kind[field], 0);
  const writeUnits = sum("writeUnits");
  const load = (units: number, gets: number): number => units * prices.read + gets * prices.s3Get;
  return {
    writeUnits,
    millionSteps: steps === 0 ? 0 : (writeUnits * prices.write + objects.count * prices.s3Put) / steps,
    millionLoads: load(latest?.readUnits ?? 0, latest?.objects ?? 0),
    millionCachedLoads: load(latest?.cachedReadUnits ?? 0, 0),
    historyOnce: load(history.readUnits, history.objects) / MILLION,
    storageMonth:
      ((sum("bytes") + ITEM_OVERHEAD_BYTES * sum("items")) * prices.storage + (objects.bytes ?? 0) * prices.s3Storage) /
      GIGABYTE,
  };
}

async function show({ output }: Context, threadId: string, usage: ThreadUsage, prices: Prices): Promise<void> {
  const { steps, kinds, objects, latest, history, problems } = usage;
  const bill = billOf(usage, prices);
  if (output.isJson) {
    const dollarsOf = {
      millionSteps: bill.millionSteps,
      millionLoads: bill.millionLoads,
      millionCachedLoads: bill.millionCachedLoads,
      historyOnce: bill.historyOnce,
      storageMonth: bill.storageMonth,
    };
    await output.json({
      threadId,
      steps,
      items: kinds,
      objects: { ...objects, bytes: objects.bytes ?? null },
      writeUnitsPerStep: steps === 0 ? 0 : bill.writeUnits / steps,
      latest: latest ?? null,
      history,
      dollars: dollarsOf,
      prices,
      priceSources: PRICE_SOURCES,
      problems,
    });
    return;
  }
  const perStep = (amount: number): string => (steps === 0 ? "" : (amount / steps).toFixed(2));
  await output.line(bold(threadId), dim(counted(steps, "checkpoint")));
  await output.line();
  const rows = Object.entries(kinds).map(([kind, { items, bytes, writeUnits }]) => [
    kind,
    count(items),
    size(bytes),
    count(writeUnits),
    perStep(writeUnits),
  ]);
  const inS3 =
    objects.count > 0
      ? [["objects in S3", count(objects.count), objects.bytes === undefined ? "?" : size(objects.bytes), "", ""]]
      : [];
  const columns = ["what", "items", "bytes", "write units", "a step"].map((title, i) => ({
    title,
    ...(i > 0 && { align: "right" as const }),
  }));
  await output.table(columns, [...rows, ...inS3]);
  await output.line();
  const puts = objects.count > 0 ? `, ${perStep(objects.count)} PUTs` : "";
  const gets = (n: number): string => (n > 0 ? `, ${counted(n, "GET")}` : "");
  await output.table(
    [{ title: "what it costs" }, { title: "dollars", align: "right" }, { title: "at" }],
    [
      [
        "a million steps like these",
        dollars(bill.millionSteps),
        `${perStep(bill.writeUnits)} write units a step${puts}`,
      ],
      ...(latest
        ? [
            [
              "reading the latest a million times",
              dollars(bill.millionLoads),
              `${counted(latest.readUnits, "read unit")}${gets(latest.objects)}, nothing cached`,
            ],
            ["", dollars(bill.millionCachedLoads), `${counted(latest.cachedReadUnits, "read unit")}, segments cached`],
          ]
        : []),
      [
        "reading all of it once",
        dollars(bill.historyOnce),
        `${counted(history.readUnits, "read unit")}${gets(history.objects)}`,
      ],
      [
        "keeping it for a month",
        dollars(bill.storageMonth),
        `${size(Object.values(kinds).reduce((sum, { bytes }) => sum + bytes, 0))} in the ` +
          `table${objects.count > 0 ? `, ${objects.bytes === undefined ? "?" : size(objects.bytes)} in S3` : ""}`,
      ],
    ],
  );
  await output.line();
  await output.line(
    dim(
      `On demand, us-east-1: ${PRICE_SOURCES.join(", ")}. Each item counted as written once: renewals with a TTL ` +
        "come on top.",
    ),
  );
  if (objects.missing > 0) output.note(red(`${counted(objects.missing, "object")} in S3 missing.`));
  for (const { code, message } of problems) output.note(red(`${message} [${code}]`));
}
