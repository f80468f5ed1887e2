import { once } from "node:events";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { examples } from "../../scripts/lib/docs/examples.js";
import { checkpointsOf, data, root, running, start, threadsOf, valuesOf } from "./run.js";

/** The examples, run by the command that their comments give, and what they left in their table. */

afterEach(() => {
  for (const child of running) child.kill();
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

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

/** Parents that have more than one child. */
function forksIn(checkpoints: CheckpointTuple[]): string[] {
  const parents = checkpoints.map(
    ({ parentConfig }) => parentConfig?.configurable?.checkpoint_id as string | undefined,
  );
  return parents.filter((parent, i) => parent !== undefined && parents.indexOf(parent) !== i) as string[];
}

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
