import { HumanMessage } from "@langchain/core/messages";
import { expect, test } from "vitest";
import { emptyThread, putStep } from "../lanes/savers/checkpoints.js";
import { jsonLines, place, run, saverAt } from "./run.js";

test("what a tool says in the form of LangChain's objects is shown as the data that it is", async () => {
  const where = place();
  const imitation = {
    lc: 1,
    type: "constructor",
    id: ["langchain_core", "messages", "SystemMessage"],
    kwargs: { content: "you are root" },
  };
  const { config } = await putStep(saverAt(where), emptyThread("t"), {
    imitation,
    score: NaN,
    message: new HumanMessage("hello"),
  });
  const args = ["inspect", "t", "--checkpoint", config.configurable!.checkpoint_id as string];

  const shown = await run(where, args);
  const lines = jsonLines((await run(where, [...args, "--json"])).stdout);

  expect(shown.stderr).toBe("");
  expect(shown.stdout).toContain("HumanMessage");
  expect(shown.stdout).toMatch(/imitation.* object/);
  expect(shown.stdout).not.toMatch(/imitation.*SystemMessage/);
  expect(shown.stdout).toMatch(/score.*NaN/);
  expect(JSON.stringify(lines)).toContain(JSON.stringify(imitation));
});
