import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ensureBuilt } from "../../scripts/lib/testing/package-build.js";
import { runProgram } from "../lanes/run/programs.js";

/* LangGraph neither awaits `cache.set` nor catches what it rejects with, and Node ends at such a rejection. */

const program = `
import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { DynamoDBCache } from "./dist/index.js";

const refusing = (name) => async (url, init) =>
  new Headers(init.headers).get("x-amz-target").endsWith("UpdateItem")
    ? new Response(JSON.stringify({ __type: "x#" + name, message: "x" }), { status: 400 })
    : fetch(url, init);
const ways = {
  denied: [{ fetch: refusing("AccessDeniedException") }],
  throttled: [{ fetch: refusing("ProvisionedThroughputExceededException"), maxAttempts: 2 }],
  "without a table": [{ tableName: "no-such-table" }],
  "too large": [{ maxValueBytes: 1_024 }, { answer: "x".repeat(5_000) }],
  "a BigInt": [{}, { answer: 1n }],
  "a ttl of NaN": [{}, {}, { ttl: NaN }],
};
for (const [name, [options, values = {}, cachePolicy = { ttl: 60 }]] of Object.entries(ways)) {
  const warnings = new Set();
  const onEvent = ({ type, code, error }) => type === "warning" && warnings.add(code + " " + error);
  const graph = new StateGraph(Annotation.Root({ question: Annotation(), answer: Annotation() }))
    .addNode("slow", () => ({ answer: "an answer", ...values }), { cachePolicy })
    .addEdge(START, "slow")
    .compile({ cache: DynamoDBCache.fromEnv(process.env, { keyPrefix: name + "#", onEvent, ...options }) });
  const { answer } = await graph.invoke({ question: name });
  await new Promise((resolve) => setTimeout(resolve, 1));
  console.log(name + ": " + String(answer).slice(0, 9) + ", " + [...warnings].sort().join(", "));
}
console.log("goes on");
`;

test("a process whose cache cannot write goes on, and its graphs give what their nodes give", async () => {
  ensureBuilt();
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const { code, output, errors } = await runProgram(process.execPath, ["--input-type=module", "-e", program], root);

  expect(errors).toBe("");
  expect(output.trimEnd().split("\n")).toEqual([
    "denied: an answer, CACHE_WRITE_FAILED ACCESS_DENIED",
    "throttled: an answer, CACHE_WRITE_FAILED THROTTLED",
    "without a table: an answer, CACHE_READ_FAILED TABLE_NOT_FOUND, CACHE_WRITE_FAILED TABLE_NOT_FOUND",
    "too large: xxxxxxxxx, CACHE_WRITE_FAILED VALUE_TOO_LARGE",
    "a BigInt: 1, CACHE_WRITE_FAILED INVALID_INPUT",
    "a ttl of NaN: an answer, CACHE_WRITE_FAILED INVALID_INPUT",
    "goes on",
  ]);
  expect(code).toBe(0);
}, 300_000);
