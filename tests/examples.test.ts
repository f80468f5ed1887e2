import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { startEmbeddedDynamoDB } from "../scripts/lib/servers/embedded-dynamodb.js";
import { examples } from "../scripts/lib/docs/examples.js";
import { claimPort } from "../scripts/lib/servers/ports.js";
import { collect, noiseText } from "./lanes/savers/checkpoints.js";
import { createSaver } from "./lanes/savers/harness.js";

/** The examples, run by the command that their comments give, and what they left in their table. */

const root = fileURLToPath(new URL("..", import.meta.url));
const data = mkdtempSync(join(tmpdir(), "examples-"));
const running = new Set<ChildProcess>();

afterEach(() => {
  for (const child of running) child.kill();
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

function start(args: string[]): { child: ChildProcess; printed: { output: string; errors: string } } {
  const child = spawn(process.execPath, ["scripts/example.js", ...args], {
    cwd: root,
    env: { ...process.env, EXAMPLES_DATA: data, PORT: "0", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  child.once("close", () => running.delete(child));
  const printed = { output: "", errors: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed.output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (printed.errors += text));
  return { child, printed };
}

/** Runs `npm run example -- …` to its end. */
async function run(...args: string[]): Promise<{ code: number | null; output: string; errors: string }> {
  const { child, printed } = start(args);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...printed };
}

/** Runs an example that plays its part, and gives what each of its processes printed. */
async function play(name: string): Promise<Record<string, string>> {
  const { code, output, errors } = await run(name);
  expect(code, errors).toBe(0);
  const scenes = output
    .split("\n$ ")
    .slice(1)
    .map((scene) => scene.split("\n"));
  return Object.fromEntries(
    scenes.map(([command = "", ...lines]) => [command.slice(name.length).trim(), lines.join("\n")]),
  );
}

/** Runs an example that serves, for as long as `use` takes. */
async function serving<T>(name: string, use: (url: string) => Promise<T>): Promise<T> {
  const { child, printed } = start([name]);
  const url = await new Promise<string>((resolve, reject) => {
    child.once("close", () => reject(new Error(`It ended: ${printed.errors}`)));
    child.stdout!.on("data", () => {
      const listening = /Listening at (http:\S+?)\/?\s/.exec(printed.output);
      if (listening) resolve(listening[1]!);
    });
  });
  try {
    expect(printed.output).toMatch(/Ctrl-C ends it[^]*curl /);
    return await use(url);
  } finally {
    child.kill();
    const [code] = (await once(child, "close")) as [number | null];
    expect(code, printed.errors).toBe(0);
  }
}

/** Looks into the table that an example left. */
async function inTable<T>(name: string, look: (saver: DynamoDBSaver) => Promise<T>): Promise<T> {
  const { endpoint, stop } = await startEmbeddedDynamoDB({
    path: join(data, name, "dynamodb"),
    port: await claimPort(0, "DynamoDB"),
  });
  try {
    return await look(createSaver({ endpoint, tableName: "langgraph-checkpoints", keyPrefix: "" }));
  } finally {
    await stop();
  }
}

/** Newest first. */
const checkpointsOf = (name: string, thread_id: string): Promise<CheckpointTuple[]> =>
  inTable(name, (saver) => collect(saver.list({ configurable: { thread_id, checkpoint_ns: "" } })));

const threadsOf = (name: string): Promise<string[]> =>
  inTable(name, async (saver) => (await collect(saver.listThreads())).map(({ threadId }) => threadId));

// oxlint-disable-next-line typescript/no-explicit-any
const valuesOf = ({ checkpoint }: CheckpointTuple) => checkpoint.channel_values as Record<string, any>;

/** Parents that have more than one child. */
function forksIn(checkpoints: CheckpointTuple[]): string[] {
  const parents = checkpoints.map(
    ({ parentConfig }) => parentConfig?.configurable?.checkpoint_id as string | undefined,
  );
  return parents.filter((parent, i) => parent !== undefined && parents.indexOf(parent) !== i) as string[];
}

const post = (url: string, body: unknown) =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

describe("npm run example", () => {
  test("alone lists every example that there is, and its README does too", async () => {
    const { code, output } = await run();
    const readme = readFileSync(join(root, "examples/README.md"), "utf8");
    const folders = readdirSync(join(root, "examples"), { withFileTypes: true }).filter((entry) => entry.isDirectory());

    expect(code).toBe(0);
    expect(folders.map(({ name }) => name).sort()).toEqual(Object.keys(examples).sort());
    for (const { name } of folders) {
      expect(output).toMatch(new RegExp(`^ {2}${name} `, "m"));
      expect(readme).toContain(`npm run example -- ${name}`);
      expect(readFileSync(join(root, "examples", examples[name]!.main), "utf8").split("import ")[0]).toContain(
        `//   npm run example -- ${name}`,
      );
    }
  });

  test("says so when there is no such example", async () => {
    expect(await run("pipelines")).toMatchObject({
      code: 1,
      output: "",
      errors: expect.stringMatching(/no example pipelines.*pipeline, /),
    });
  });
});

test("the quickstart's graph remembers, also when it is run again", async () => {
  const { code, output, errors } = await run("quickstart");
  expect(code, errors).toBe(0);
  expect(output).toMatch(/^The first I heard was "I am Ada\."\n/);
  expect(output.match(/step -?\d .*messages/g)).toEqual([
    "step 4 loop 4 messages",
    "step 3 loop 3 messages",
    "step 2 input 2 messages",
    "step 1 loop 2 messages",
    "step 0 loop 1 messages",
    "step -1 input 0 messages",
  ]);

  await run("quickstart");
  const [latest, ...earlier] = await checkpointsOf("quickstart", "ada");
  expect(earlier).toHaveLength(11);
  expect(valuesOf(latest!).messages).toHaveLength(8);
});

test(
  "the pipeline goes on after a kill and after a failure without redoing what was finished, and back " + "to a step",
  async () => {
    const scenes = await play("pipeline");

    expect(scenes['start "edge databases" --crash-in draft']).toMatch(
      /research stored.*outline stored.*draft …\n {2}\(the process was killed\)/s,
    );
    expect(scenes.status).toMatch(/^finished:\n# edge databases\n\nWhy edge databases are fast/); // the last of three
    expect(scenes["resume --fail-in finalize"]).toBe("  draft …\n  draft stored\n  finalize …\n");
    expect(scenes.retry).toBe("  finalize …\n  finalize stored\n");
    expect(scenes["rollback outline"]).toBe(
      "  outline …\n  outline stored\n  draft …\n  draft stored\n  finalize …\n  finalize stored\n",
    );

    const checkpoints = await checkpointsOf("pipeline", "article");
    expect(scenes.history!.trim().split("\n")).toHaveLength(checkpoints.length);
    // One for each step of the first run although it took three processes, and a branch from the second.
    expect(checkpoints.map(({ metadata }) => `${metadata!.source} ${metadata!.step}`)).toEqual([
      ...["loop 5", "loop 4", "loop 3", "fork 2"],
      ...["loop 4", "loop 3", "loop 2", "loop 1", "loop 0", "input -1"],
    ]);
    expect(forksIn(checkpoints)).toHaveLength(1);
  },
);

test("the pipeline says where it is, and passes its exit code on", async () => {
  expect(await run("pipeline", "start", "deep sea cables", "--fail-in", "outline")).toMatchObject({
    code: 1,
    errors: "the model is overloaded\n",
  });
  expect(await run("pipeline", "status")).toEqual({
    code: 0,
    output: "failed in outline: the model is overloaded\n",
    errors: "",
  });
  expect(await run("pipeline", "rollback", "nowhere")).toMatchObject({
    code: 1,
    errors: expect.stringContaining("No checkpoint comes before nowhere"),
  });
});

test("a transfer waits for a person, and money moves once although its process dies after it", async () => {
  const scenes = await play("approval");

  expect(scenes["request rent Alice 1200"]).toBe("rent: Transfer 1200 to Alice?\n");
  expect(scenes["approve rent --crash"]).toBe("  bank: 1200 to Alice\n  (the process was killed)\n");
  expect(scenes["resume rent"]).toBe("  bank: this transfer was made before\nrent: transferred 1200 to Alice\n");
  expect(scenes.pending).toBe("rent: transferred 1200 to Alice\nyacht: rejected: too much\n"); // the last of two

  const [rent] = await checkpointsOf("approval", "rent");
  const ledger = join(data, "approval/ledger");
  expect(readdirSync(ledger)).toEqual([`${valuesOf(rent!).key}.json`]);
  expect(JSON.parse(readFileSync(join(ledger, readdirSync(ledger)[0]!), "utf8"))).toEqual({
    to: "Alice",
    amount: 1200,
  });
});

test("an answer that nobody waits for moves no money", async () => {
  expect(await run("approval", "approve", "rent")).toMatchObject({
    code: 1,
    errors: '"rent" does not wait for an answer.\n',
  });
  expect(readdirSync(join(data, "approval/ledger"))).toHaveLength(1);
});

test(
  "LangChain's agent waits for a person in other processes, and refunds what was approved and " + "nothing else",
  async () => {
    const scenes = await play("agent");

    expect(scenes['ask "Refund 40 euros for order 1041"']).toBe("waits: Give 40 euros back for order 1041?\n");
    expect(scenes.approve).toBe("  bank: 40 euros for order 1041\nHere is what happened: 40 euros are on their way.\n");
    expect(scenes["edit 90"]).toBe(
      "  bank: 90 euros for order 1042\nHere is what happened: 90 euros are on their way.\n",
    );
    expect(scenes['reject "Order 7 is too old."']).toBe("Here is what happened: Order 7 is too old.\n");
    expect(scenes.history!.trim().split("\n")).toHaveLength((await checkpointsOf("agent", "refunds")).length);
    expect(await run("agent", "approve")).toMatchObject({
      code: 1,
      errors: 'Nothing waits for an answer in "refunds".\n',
    });
  },
);

test("time travel with another state makes a branch, and the first one stays", async () => {
  const { code, output, errors } = await run("time-travel");
  expect(code, errors).toBe(0);
  expect(output).toMatch(/^first: {2}Take the train to Paris.*\nsecond: Take the train to Lisbon/);

  const [trip] = await threadsOf("time-travel");
  const checkpoints = await checkpointsOf("time-travel", trip!);
  const plans = checkpoints.map((checkpoint) => valuesOf(checkpoint).plan as string | undefined).filter(Boolean);
  expect(plans).toEqual([expect.stringContaining("Lisbon"), expect.stringContaining("Paris")]);
  expect(forksIn(checkpoints)).toHaveLength(1);
  expect(checkpoints.map(({ metadata }) => metadata!.source)).toEqual([
    "loop",
    "update",
    "loop",
    "loop",
    "loop",
    "input",
  ]);
});

test("the chat remembers across processes what it no longer keeps as messages, and threads apart", async () => {
  const scenes = await play("chat");
  expect(scenes['"What do you know about me?"']).toMatch(/^Hello Ada\. You like green tea and long walks\.\n/);
  expect(scenes['"And what here?" --thread another']).toMatch(/^Hello, who are you\?\n/);

  const values = valuesOf((await checkpointsOf("chat", "chat"))[0]!);
  expect(values.messages).toHaveLength(4);
  expect(values.summary).toBe("I am Ada. I like green tea");
  expect(await threadsOf("chat")).toEqual(["another", "chat"]);
});

test("the Deno script asks, ends, and goes on with the answer", async () => {
  expect(await play("deno")).toEqual({
    "": "What is your name?\n",
    Ada: "Where do you live, Ada?\n",
    Paris: "Welcome, Ada from Paris!\n",
  });
  expect(valuesOf((await checkpointsOf("deno", "visitor"))[0]!)).toMatchObject({ name: "Ada", city: "Paris" });
});

test("the Bun server streams, and a second one knows the threads of the first", async () => {
  await serving("bun", async (url) => {
    const response = await fetch(`${url}/threads/ada/messages`, { method: "POST", body: "Hi, I am Ada." });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const tokens = [...(await response.text()).matchAll(/^data: (.*)$/gm)].map(
      ([, json]) => (JSON.parse(json!) as { token: string }).token,
    );
    expect(tokens.join(" ")).toBe("That was message 1; the first was: Hi, I am Ada.");
  });
  await serving("bun", async (url) => {
    await (await fetch(`${url}/threads/ada/messages`, { method: "POST", body: "And now?" })).text();
    expect(await (await fetch(`${url}/threads/ada`)).json()).toHaveLength(4);
    expect(await (await fetch(`${url}/threads`)).json()).toMatchObject([{ threadId: "ada" }]);
    expect((await fetch(`${url}/threads/nobody`)).status).toBe(404);
  });
  expect(valuesOf((await checkpointsOf("bun", "ada"))[0]!).messages).toHaveLength(4);

  await serving("bun", (url) => fetch(`${url}/threads/ada`, { method: "DELETE" }));
  expect(await threadsOf("bun")).toEqual([]);
});

test("the Worker keeps a large document in R2 and not in the table, once", async () => {
  const objects = () =>
    readdirSync(join(data, "worker-r2/s3"), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith("_object"),
    );
  const text = `${noiseText(1_000_000)} needle`;
  await serving("worker-r2", async (url) => {
    const put = await fetch(`${url}/documents/large`, { method: "PUT", body: text });
    expect(await put.json()).toEqual({ characters: text.length });
    expect(await (await fetch(`${url}/documents/large/count?word=needle`)).json()).toEqual({ count: 1 });
    expect((await (await fetch(`${url}/documents/large`)).text()) === text).toBe(true);
    expect((await fetch(`${url}/documents/none`)).status).toBe(404);
  });
  expect(objects()).toHaveLength(1); // two checkpoints, and one document
  await expect(checkpointsOf("worker-r2", "large")).rejects.toMatchObject({
    code: "INVALID_CONFIG",
    message: expect.stringContaining("lies in S3"),
  });

  await serving("worker-r2", (url) => fetch(`${url}/documents/large`, { method: "DELETE" }));
  expect(objects()).toEqual([]);
});

test(
  "the Express API makes small orders at once, and large ones when they are approved, also after " + "a restart",
  async () => {
    await serving("express", async (url) => {
      expect(await (await post(`${url}/orders/small`, { item: "beans", price: 12 })).json()).toMatchObject({
        status: "bought",
        next: [],
      });
      expect(await (await post(`${url}/orders/large`, { item: "machine", price: 900 })).json()).toMatchObject({
        status: "new",
        question: "Buy machine for 900?",
      });
      await post(`${url}/orders/huge`, { item: "roastery", price: 90_000 });
      expect((await post(`${url}/orders/small`, { item: "beans", price: 12 })).status).toBe(409);
      expect((await post(`${url}/orders/odd`, { item: "beans" })).status).toBe(400);
      expect((await post(`${url}/orders/small/approval`, { approved: true })).status).toBe(409);
    });
    await serving("express", async (url) => {
      expect(await (await post(`${url}/orders/large/approval`, { approved: true })).json()).toMatchObject({
        status: "bought",
      });
      expect(await (await post(`${url}/orders/huge/approval`, { approved: false })).json()).toMatchObject({
        status: "rejected",
        next: [],
      });
      const history = (await (await fetch(`${url}/orders/large/history`)).json()) as { status: string }[];
      expect(history.map(({ status }) => status).slice(0, 3)).toEqual(["bought", "approved", "new"]);
      expect((await fetch(`${url}/orders/nothing`)).status).toBe(404);
      expect((await fetch(`${url}/orders/small`, { method: "DELETE" })).status).toBe(204);
      expect(await (await fetch(`${url}/orders`)).json()).toMatchObject([{ id: "huge" }, { id: "large" }]);
    });
    expect(await threadsOf("express")).toEqual(["huge", "large"]);
    expect(valuesOf((await checkpointsOf("express", "large"))[0]!)).toMatchObject({
      item: "machine",
      status: "bought",
    });
  },
);
