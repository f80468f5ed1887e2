import { expect, inject, test } from "vitest";
import { runStoreHistory } from "./store/history.js";

const HISTORIES = inject("thorough") ? 600 : 150;

test("no history of stores loses, revives or leaves behind anything, with any network and any clocks", async () => {
  const failures: string[] = [];
  let requests = 0;
  for (let i = 0; i < HISTORIES; i++) {
    const outcome = await runStoreHistory(`store-${i}`);
    requests += outcome.requests;
    if (outcome.problem !== undefined) failures.push(`store-${i}: ${outcome.problem}`);
  }
  expect(failures.slice(0, 5).join("\n")).toBe("");
  expect(requests).toBeGreaterThan(20 * HISTORIES);
});
