import { afterAll, beforeAll } from "vitest";
import { createSaver, tableName, useTableOfItsOwn } from "./harness.js";
import { deleteTable } from "./raw-setup.js";

// Runs before each test file, also where files share their modules.
useTableOfItsOwn();

beforeAll(async () => {
  await createSaver().setup();
});

afterAll(() => deleteTable(tableName()));
