import { beforeAll } from "vitest";
import { createSaver } from "./harness.js";

// `setup()` is idempotent, and safe when several test files call it at the same moment.
beforeAll(async () => {
  await createSaver().setup();
});
