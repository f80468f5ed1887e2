import { beforeAll, describe, expect, inject, test } from "vitest";
import { Random } from "../../lanes/hostile/random.js";
import { tableName } from "../../lanes/savers/harness.js";
import type { Input } from "./inputs.js";
import { generateItem } from "./items-at-random.js";
import { generateRequest } from "./requests-at-random.js";
import { SimulatedTable } from "./table.js";
import { ServiceError } from "./service-error.js";
import { aws } from "../../lanes/stored/dynamodb-signer.js";

/* The simulated table answers as DynamoDB does, whatever is asked. */

const REQUESTS = 400;

interface Answer {
  error?: string;
  item?: unknown;
  output?: unknown;
}

async function askDynamoDB(operation: string, input: Input): Promise<Answer> {
  const response = await aws.fetch(inject("dynamodbEndpoint")!, {
    method: "POST",
    headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `DynamoDB_20120810.${operation}` },
    body: JSON.stringify(input),
  });
  const answer = (await response.json()) as { __type?: string; Item?: unknown };
  return response.ok ? { output: answer } : { error: answer.__type!.split("#")[1]!, item: answer.Item };
}

function askTable(table: SimulatedTable, operation: string, input: Input): Answer {
  try {
    if (operation !== "BatchWriteItem") return { output: table.call(operation, input, Infinity, 1) };
    for (const write of table.batch(input)) table.write(write);
    return { output: { UnprocessedItems: {} } };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { error: error.code, item: error.item };
  }
}

/** What is the same answer: sets have no order, nor have the items of a batch, and 15.0 is 15. */
function canonical(value: unknown, name = ""): unknown {
  if (Array.isArray(value)) {
    const all = value.map((one) => canonical(one, name.slice(0, 1)));
    return name === "L" || name === "Items"
      ? all
      : all.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (name === "N") return String(value).replace(/\.0+$/, "");
  if (typeof value !== "object" || value === null) return value;
  const names = Object.keys(value).filter((one) => one !== "ConsumedCapacity");
  return Object.fromEntries(names.sort().map((one) => [one, canonical((value as Input)[one], one)]));
}

/** Where a page is full at the very end of what is asked for, there may be another, empty one. */
function withoutLastPage(answer: Answer, { Limit }: Input): Answer {
  const { LastEvaluatedKey: _, ...output } = (answer.output ?? {}) as Input;
  return output.ScannedCount !== undefined && output.ScannedCount === Limit ? { output } : answer;
}

describe("the simulated table answers as DynamoDB", () => {
  const PARTITIONS = ["one", "two"];

  beforeAll(() => {
    expect(inject("dynamodbEndpoint")).toBeDefined();
  });

  test.each(["a", "b", "c"])("whatever it is asked (%s)", async (seed) => {
    const random = new Random(`requests ${seed}`);
    const table = new SimulatedTable(1_048_576, () => 0);
    const partitions = PARTITIONS.map((name) => `${name} ${seed} ${Date.now()}`);
    const counts: Record<string, number> = {};
    for (let i = 0; i < REQUESTS; i++) {
      const { operation, input } =
        i < 8
          ? { operation: "PutItem", input: { TableName: tableName(), Item: generateItem(random, partitions) } }
          : generateRequest(random, tableName(), partitions);
      const [theirs, ours] = [await askDynamoDB(operation, input), askTable(table, operation, input)];
      const shown = (answer: Answer): unknown => ({
        operation,
        input,
        ...(canonical(withoutLastPage(answer, input)) as object),
      });
      expect(shown(ours)).toEqual(shown(theirs));
      const kind = theirs.error ?? "done";
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
    // Neither all refused, nor all done.
    expect(counts.done).toBeGreaterThan(REQUESTS / 4);
    expect(counts.ConditionalCheckFailedException).toBeGreaterThan(REQUESTS / 50);
    expect(counts.ValidationException).toBeGreaterThan(REQUESTS / 100);
  });
});
