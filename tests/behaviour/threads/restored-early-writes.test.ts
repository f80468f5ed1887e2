import { expect, test } from "vitest";
import { collect, emptyThread, nextId, putStep } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { newPrefix } from "../../lanes/stored/requests.js";

test("writes that a run of a deleted thread sent beside their checkpoint have no part in a restored one", async () => {
  const keyPrefix = newPrefix();
  const latest = { configurable: { thread_id: "t" } };
  const admin = createSaver({ keyPrefix });
  let arrive: (() => Promise<Response>) | undefined;
  let go!: () => void;
  const saved = new Promise<void>((resolve) => (go = resolve));
  const run = createSaver({
    keyPrefix,
    fetch: async (url, init) => {
      if (!new TextDecoder().decode(init.body as Uint8Array).includes("#W#task")) return fetch(url, init);
      if (!arrive) {
        // The first attempt seems lost, and is only slow.
        const { signal: _, ...late } = init;
        arrive = () => fetch(url, late);
        throw new TypeError("The connection was lost.");
      }
      await saved;
      return fetch(url, init);
    },
  });
  const id = nextId();
  const putting = putStep(run, emptyThread("t"), { n: 1 }, { id });
  const config = { configurable: { thread_id: "t", checkpoint_ns: "", checkpoint_id: id } };
  const writing = run.putWrites(config, [["__resume__", "yes, pay"]], "task");
  await putting;
  const lines = await collect(admin.exportThread("t"));
  go();
  await writing;
  expect((await admin.getTuple(latest))?.pendingWrites).toEqual([["task", "__resume__", "yes, pay"]]);

  await admin.deleteThread("t");
  await admin.importThread(lines);
  await arrive!();

  const restored = createSaver({ keyPrefix });
  expect((await restored.getTuple(latest))?.pendingWrites).toEqual([]);
  await restored.putWrites(config, [["__resume__", "no"]], "task");
  expect((await createSaver({ keyPrefix }).getTuple(latest))?.pendingWrites).toEqual([["task", "__resume__", "no"]]);
  // What a copy, or an export of what was restored, has of it is the same.
  await admin.copyThread("t", "copy");
  await admin.importThread(await collect(admin.exportThread("t")), { threadId: "imported" });
  for (const thread_id of ["copy", "imported"])
    expect((await admin.getTuple({ configurable: { thread_id } }))?.pendingWrites).toEqual([
      ["task", "__resume__", "no"],
    ]);
});
