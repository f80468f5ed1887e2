import { describe, expect, it } from "vitest";
import { newPrefix } from "../../lanes/stored/requests.js";
import { saverAt } from "../../lanes/savers/s3-saver.js";

describe("wrong arguments", () => {
  it.each([
    [{ keepLast: 1 }, "threadIds"],
    [{ threadIds: ["t"], all: true, keepLast: 1 }, "threadIds"],
    [{ threadIds: [""], keepLast: 1 }, "threadIds"],
    [{ threadIds: ["t"] }, "keepLast"],
    [{ threadIds: ["t"], keepLast: 0 }, "keepLast"],
    [{ threadIds: ["t"], olderThanSeconds: -1 }, "olderThanSeconds"],
    [{ threadIds: ["t"], strategy: "keep_last" }, "strategy"],
    [{ threadIds: ["t"], strategy: "delete", keepLast: 1 }, "strategy"],
    [{ threadIds: ["t"], keepLast: 1, graceSeconds: -1 }, "graceSeconds"],
    [{ threadIds: ["t"], keepLast: 1, graceSeconds: 1_499 }, "graceSeconds must be 1500 or more"],
    [{ threadIds: ["t"], keepLast: 1, dryRun: "yes" }, "dryRun"],
  ])("prune(%j) is refused, and says what to write", async (options, name) => {
    const { saver, sent } = saverAt({ keyPrefix: newPrefix() });
    await expect(saver.prune(options as never)).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringContaining(name),
    });
    expect(sent).toEqual([]);
  });
});

it("graceSeconds must be longer where a put may take longer, and then is so by default", async () => {
  const slow = saverAt({ keyPrefix: newPrefix() }, undefined, { maxAttempts: 10, requestTimeoutMs: 60_000 }).saver;
  const least = 5 * 60 + 10 * 10 * (60 + 20);
  await expect(
    Promise.resolve(slow.prune({ threadIds: ["t"], keepLast: 1, graceSeconds: least - 1 })),
  ).rejects.toMatchObject({ code: "INVALID_INPUT", message: expect.stringContaining(String(least)) });
  expect((await slow.prune({ threadIds: ["t"], keepLast: 1, graceSeconds: least })).checkpoints).toBe(0);
  expect((await slow.prune({ threadIds: ["t"], keepLast: 1 })).checkpoints).toBe(0);
});
