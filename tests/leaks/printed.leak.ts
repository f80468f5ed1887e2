import { test } from "vitest";
import { canaries } from "../../scripts/lib/testing/secrets.js";

test("past the console", () => {
  process.stderr.write(`warning: ${canaries.sessionToken}\n`);
});
