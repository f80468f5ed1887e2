import { expect, test } from "vitest";
import { readDocuments } from "../scripts/lib/documents.js";
import { runExample } from "./lanes/documented-programs.js";
import { deleteTable } from "./lanes/raw-setup.js";

test("the programs of the documentation run, and print what stands behind them", async () => {
  const programs = (await readDocuments()).flatMap(({ blocks }) => blocks).filter(({ mark }) => mark === "run");

  const ended = await Promise.all(
    programs.map(async (program) => {
      const tableName = `docs-${crypto.randomUUID()}`;
      const { code, printed } = await runExample(program, tableName);
      await deleteTable(tableName);
      return { place: program.place, code, printed: printed.trimEnd() };
    }),
  );

  expect(programs.map(({ place }) => place.split(":")[0])).toEqual(expect.arrayContaining(["README.md", "docs/operations.md"]));
  expect(ended).toEqual(programs.map(({ place, output }) => ({ place, code: 0, printed: output ?? (expect.any(String) as string) })));
});
