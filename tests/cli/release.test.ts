import { expect, test } from "vitest";
import { emptyThread, putStep } from "../lanes/savers/checkpoints.js";
import { jsonLines, place, run, saverAt } from "./run.js";

test("threads --leases shows who has a thread, and release frees it", async () => {
  const where = place();
  const saver = saverAt(where);
  for (const id of ["a", "b"]) await putStep(saver, emptyThread(id), { n: 1 });
  const lease = await saver.acquireLease("b", { holder: "worker-7", leaseSeconds: 600 });

  const listed = await run(where, ["threads", "--leases", "--json"]);
  expect(jsonLines(listed.stdout)).toMatchObject([
    { threadId: "a", lease: null },
    { threadId: "b", lease: { holder: "worker-7", token: lease.token, until: expect.stringMatching(/Z$/) } },
  ]);
  expect((await run(where, ["threads", "--leases"])).stdout).toMatch(/b .*worker-7/);

  const released = await run(where, ["release", "b", "--yes", "--json"]);
  expect(released).toMatchObject({ code: 0 });
  expect(jsonLines(released.stdout)).toMatchObject([{ threadId: "b", released: { holder: "worker-7" } }]);
  expect(await saver.getLease("b")).toBeUndefined();
  await expect(lease.renew()).rejects.toMatchObject({ code: "LEASE_LOST" });

  const again = await run(where, ["release", "b", "--yes"]);
  expect(again).toMatchObject({ code: 0, stdout: "" });
  expect(again.stderr).toMatch(/Nobody has.*"b"/);
});
