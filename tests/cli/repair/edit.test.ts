import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { Command } from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import { collect, emptyThread, putStep } from "../../lanes/savers/checkpoints.js";
import { jsonLines, place, run, runInTerminal, saverAt, type Place } from "../run.js";
import { withEditor, type State } from "./editor.js";
import { ask, at, refundGraph, textsOf } from "./refund-graph.js";

const stateOf = async (where: Place, threadId: string) => refundGraph(where).getState(at(threadId));
const lengthOf = async (where: Place, threadId: string): Promise<number> =>
  (await collect(saverAt(where).list(at(threadId)))).length;

describe("edit", () => {
  test("puts what was changed as an update, from which a graph goes on, with messages of their classes", async () => {
    const where = place();
    await ask(where, "t");
    const before = await stateOf(where, "t");
    const { env, seen } = await withEditor(
      where,
      "state.values.amount = 77; state.values.messages[1].kwargs.content = '77 euros'",
    );

    const { code, stdout } = await run({ env }, ["edit", "t", "--yes", "--json"]);
    const after = await stateOf(where, "t");
    const end = await refundGraph(where).invoke(new Command({ resume: "yes" }), at("t"));

    expect([code, jsonLines(stdout)]).toEqual([
      0,
      [
        {
          threadId: "t",
          previous: before.config.configurable!.checkpoint_id,
          checkpointId: after.config.configurable!.checkpoint_id,
          channels: ["messages", "amount"],
        },
      ],
    ]);
    expect([after.metadata?.source, after.metadata?.step, after.next]).toEqual([
      "update",
      before.metadata!.step + 1,
      before.next,
    ]);
    const [human, ai] = after.values.messages;
    expect([human instanceof HumanMessage, ai instanceof AIMessage, ai!.id]).toEqual([true, true, "a1"]);
    expect(textsOf(end)).toEqual(["Refund?", "77 euros", "yes to 77", "paid 77"]);
    // Only for who has made it, and not left behind.
    const edited = await seen();
    expect([edited.mode, existsSync(edited.file)]).toEqual([0o600, false]);
    expect(edited.state.values.amount).toBe(10);
  });

  test("goes on from a node that has failed, with other values", async () => {
    const where = place();
    await ask(where, "t");
    const closed = refundGraph(where, { isOpen: false });
    await expect(closed.invoke(new Command({ resume: "yes" }), at("t"))).rejects.toThrow("the bank is closed");
    const { env } = await withEditor(where, "state.values.amount = 5");

    const { code } = await run({ env }, ["edit", "t", "--yes"]);
    const end = await refundGraph(where).invoke(null, at("t"));

    expect([code, textsOf(end).at(-1)]).toEqual([0, "paid 5"]);
  });

  test("asks with the differences, and changes nothing where nothing was edited, or at a no", async () => {
    const where = place();
    await ask(where, "t");
    const length = await lengthOf(where, "t");
    const { env } = await withEditor(where, "state.values.amount = 77");

    const unchanged = await run({ env: { ...where.env, EDITOR: "true" } }, ["edit", "t"]);
    const no = await runInTerminal({ env }, ["edit", "t"], { keys: [["No", "\r"]] });

    expect([unchanged.code, unchanged.stderr]).toEqual([0, "Nothing was changed.\n"]);
    expect([no.code, no.text]).toEqual([
      0,
      expect.stringMatching(/amount changed: 10 -> 77[^]*Next is approve[^]*anew/),
    ]);
    expect(await lengthOf(where, "t")).toBe(length);
  });

  test.each([
    ["is no JSON any more", "fs.writeFileSync(file, '{'); process.exit()", "That is not JSON"],
    ["takes a channel away", "delete state.values.amount", "cannot be taken away: amount"],
    ["has one of LangGraph's own channels", "state.values['branch:to:pay'] = null", "LangGraph's own channels"],
    ["breaks a message", "state.values.messages[1].id = ['nothing']", "cannot be read by LangChain"],
    ["is of another thread", "state.thread = 'u'", "of another thread"],
    ["is left by an editor that fails", "process.exit(3)", "ended with 3"],
  ])("refuses what %s, and keeps the file", async (_, change, message) => {
    const where = place();
    await ask(where, "t");
    const length = await lengthOf(where, "t");
    const { env, seen } = await withEditor(where, change);

    const { code, stderr } = await run({ env }, ["edit", "t", "--yes"]);

    const { file } = await seen();
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(stderr).toContain(`What was edited is kept in ${file}: edit --from takes it.`);
    expect(existsSync(file)).toBe(true);
    expect(await lengthOf(where, "t")).toBe(length);
  });

  test("refuses where the thread has gone on or somebody has it, and takes the kept file later", async () => {
    const where = place();
    await ask(where, "t");
    const { checkpoint_id } = (await stateOf(where, "t")).config.configurable!;
    const edited = { thread: "t", checkpoint: checkpoint_id, values: {} };
    const [tuple] = await collect(saverAt(where).list(at("t"), { limit: 1 }));
    const { env, seen, folder } = await withEditor(where, "");
    await run({ env }, ["edit", "t"]);
    const { values } = (await seen()).state;
    const file = join(folder, "kept.json");
    await writeFile(file, JSON.stringify({ ...edited, values: { ...values, amount: 3 } }));
    const fromFile = ["edit", "t", "--from", file, "--yes"];

    const lease = await saverAt(where).acquireLease("t", { leaseSeconds: 600, holder: "worker-7" });
    const busy = await run(where, fromFile);
    await lease.release();
    const done = await run(where, fromFile);
    const goneOn = await run(where, fromFile);

    expect([busy.code, busy.stderr]).toEqual([1, expect.stringContaining('"worker-7" has thread "t"')]);
    expect(done.code).toBe(0);
    expect([goneOn.code, goneOn.stderr]).toEqual([
      1,
      expect.stringMatching(`has gone on since.* the edited one was ${tuple!.checkpoint.id}\\.`),
    ]);
    expect((await stateOf(where, "t")).values.amount).toBe(3);
  });

  test("keeps the file where the thread has gone on while it was edited", async () => {
    const where = place();
    await ask(where, "t");
    const { env, seen, hasSeen, folder } = await withEditor(where, "state.values.amount = 1");
    const slow = `${env.EDITOR} "$1"; sh -c 'until [ -e ${join(folder, "gone-on")} ]; do sleep 0.1; done' #`;
    const editing = run({ env: { ...env, EDITOR: slow } }, ["edit", "t", "--yes"]);
    while (!existsSync(hasSeen)) await new Promise((resolve) => setTimeout(resolve, 50));
    await refundGraph(where).invoke(new Command({ resume: "yes" }), at("t"));
    await writeFile(join(folder, "gone-on"), "");

    const { code, stderr } = await editing;

    const { file } = await seen();
    expect([code, stderr]).toEqual([1, expect.stringMatching(/has gone on meanwhile[^]*\[CONFLICT\]/)]);
    expect(stderr).toContain(file);
    expect((JSON.parse(await readFile(file, "utf8")) as State).values.amount).toBe(1);
    expect((await stateOf(where, "t")).values.amount).toBe(10);
  });

  test("is of a thread that is there", async () => {
    const { code, stderr } = await run(place(), ["edit", "nobody"]);

    expect([code, stderr]).toEqual([1, expect.stringContaining('There is no thread "nobody".')]);
  });

  test("leaves values of other types than JSON alone", async () => {
    const where = place();
    await putStep(saverAt(where), emptyThread("t"), { n: 1, picture: new Uint8Array([1, 2, 3]) });
    const { env, seen } = await withEditor(where, "state.values.n = 2");

    const { code } = await run({ env }, ["edit", "t", "--yes"]);
    const tuple = await saverAt(where).getTuple(at("t"));

    expect([code, tuple!.checkpoint.channel_values]).toEqual([0, { n: 2, picture: new Uint8Array([1, 2, 3]) }]);
    expect(Object.keys((await seen()).state.values)).toEqual(["n"]);
  });
});
