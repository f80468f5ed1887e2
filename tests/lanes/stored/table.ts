import { afterAll, beforeAll, inject } from "vitest";
import { createSaver, tableName, useTableOfItsOwn } from "../savers/harness.js";
import { deleteTable } from "./raw-setup.js";

// Runs before each test file, also where files share their modules.
useTableOfItsOwn();

// No test of the run may need one.
if (inject("dynamodbEndpoint") !== undefined) {
  beforeAll(async () => {
    await createSaver().setup();
  });

  afterAll(() => deleteTable(tableName()));
}
