import { expect, test } from "vitest";
import { LANES } from "../scripts/lib/testing/lanes.js";
import { readTestArguments } from "../scripts/lib/testing/test-arguments.js";
import { planTests } from "../scripts/lib/testing/test-plan.js";

/* What `npm test -- …` takes, and what it makes of it. */

const none = { filters: [], options: [], quick: false, whole: false };

test("without arguments, everything runs everywhere", () => {
  expect(readTestArguments([])).toEqual({ ...none, lanes: LANES });
});

test("the whole tests run everywhere, or in the lanes that are named", () => {
  expect(readTestArguments(["--whole"])).toEqual({ ...none, whole: true, lanes: LANES });
  expect(readTestArguments(["--whole", "--lane", "deno"])).toEqual({ ...none, whole: true, lanes: ["deno"] });
});

test("names of files run in Node, or in the lanes that are named", () => {
  expect(readTestArguments(["base64", "store"])).toEqual({ ...none, filters: ["base64", "store"], lanes: ["node"] });
  expect(readTestArguments(["base64", "--lane", "bun", "--project=deno"])).toMatchObject({
    filters: ["base64"],
    lanes: ["deno", "bun"],
  });
  expect(readTestArguments(["base64", "--lane=all"]).lanes).toEqual(LANES);
});

test("other options go to vitest", () => {
  expect(readTestArguments(["values", "-t", "comes back", "--retry=3", "--bail"])).toMatchObject({
    filters: ["values"],
    options: ["-t", "comes back", "--retry=3", "--bail"],
  });
});

test.each([
  [["--lane", "netscape"], /There is no lane "netscape", only node/],
  [["--lane"], /--lane needs a value/],
  [["base64", "-t"], /-t needs a value/],
  [["base64", "--retry", "3"], /Write --retry=3/],
  [["--quick", "base64"], /The quick tests have no choice/],
  [["--whole", "base64"], /always run whole/],
  [["--whole", "--quick"], /The whole tests have no choice/],
])("%j is refused, with what to write", (args, says) => {
  expect(() => readTestArguments(args)).toThrow(says);
});

test("every name must be that of a file", async () => {
  await expect(planTests({ filters: ["base64", "no such file"], lanes: ["node"], quick: false })).rejects.toThrow(
    'No test file\'s name has "no such file" in it.',
  );
});

test("only the servers that the files need are planned", async () => {
  const plan = (...filters: string[]) => planTests({ filters, lanes: ["node"], quick: false });

  expect(await plan("base64")).toMatchObject({ dynamodb: "none", s3: "none", leftOut: [], missing: [] });
  expect(await plan("behaviour/checkpoint/list.")).toMatchObject({ dynamodb: "real", s3: "none" });
  expect(await plan("behaviour/payload/s3-tags")).toMatchObject({ dynamodb: "real", s3: "real" });
});

test("the quick tests need nothing but Node", async () => {
  expect(await planTests({ filters: ["tests/behaviour/"], lanes: ["node"], quick: true })).toMatchObject({
    dynamodb: "embedded",
    s3: "embedded",
    lanes: ["node"],
    missing: [],
  });
});
