import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readDocuments } from "../scripts/lib/docs/documents.js";
import { ensureSqliteSaver } from "../scripts/lib/sqlite-saver.js";
import { tableName } from "./lanes/savers/harness.js";
import { runProgram } from "./lanes/run/programs.js";

const root = fileURLToPath(new URL("../", import.meta.url));

let folder: string;
let node: string;
beforeAll(async () => {
  const sqlite = await ensureSqliteSaver();
  node = sqlite.node;
  folder = await mkdtemp(join(sqlite.folder, "test-"));
  await build({
    entryPoints: [join(root, "tests/lanes/run/sqlite-threads.ts")],
    outfile: join(folder, "threads.mjs"),
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node22",
    logLevel: "silent",
  });
  const [program] = (await readDocuments()).flatMap(({ blocks }) => blocks).filter(({ mark }) => mark === "sqlite");
  await writeFile(
    join(folder, "migrate.mts"),
    program!.text.replaceAll('"langgraph-checkpoints"', JSON.stringify(tableName())),
  );
}, 400_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a program where SqliteSaver is installed, and gives what it printed. */
async function printedBy(...args: string[]): Promise<string> {
  const { code, output, errors } = await runProgram(node, args, folder);
  expect({ code, output, errors }).toEqual({ code: 0, output, errors: "" });
  return output;
}

/** What `lanes/run/sqlite-threads.ts` says about the threads in the file, and in the table. */
const threads = async <T>(command: string): Promise<T> =>
  JSON.parse(await printedBy("threads.mjs", "checkpoints.db", command)) as T;

interface Described {
  checkpoints: {
    place: string;
    parent?: string;
    checkpoint: { channel_values: object; channel_versions: object };
    writes: [task: string, channel: string, value: unknown][];
  }[];
  history: unknown[];
}

test(
  "threads that SqliteSaver wrote are taken over by the documented program, with DeltaChannels, forks, questions " +
    "and failures, and go on",
  async () => {
    expect(await threads("write")).toBe("It is broken.");
    const printed = await printedBy("migrate.mts");
    const { sqlite, dynamodb } = await threads<Record<"sqlite" | "dynamodb", Described[]>>("look");
    const resumed = await threads<Record<"sqlite" | "dynamodb", unknown>>("resume");

    expect(dynamodb).toEqual(sqlite);
    const checkpoints = sqlite.flatMap(({ checkpoints }) => checkpoints);
    const writes = checkpoints.flatMap(({ place, writes }) =>
      writes.map(([task, channel]) => ({ task: `${place} ${task}`, channel })),
    );
    expect(printed).toBe(
      `{ threads: 3, checkpoints: ${checkpoints.length}, writes: ${new Set(writes.map(({ task }) => task)).size} }\n`,
    );
    // There was what could have been lost.
    expect(writes.map(({ channel }) => channel)).toEqual(
      expect.arrayContaining(["__interrupt__", "__error__", "log", "answers"]),
    );
    expect(checkpoints.filter(({ place }) => !place.startsWith("/")).length).toBeGreaterThan(2); // of subgraphs
    const [, , forked] = sqlite;
    const parents = forked!.checkpoints.map(({ parent }) => parent).filter(Boolean);
    expect(new Set(parents).size).toBeLessThan(parents.length); // a fork
    const rebuilt = checkpoints.filter(
      ({ checkpoint }) => "log" in checkpoint.channel_versions && !("log" in checkpoint.channel_values),
    );
    expect(rebuilt.length).toBeGreaterThan(5); // states of the DeltaChannel that are not stored

    expect(resumed.dynamodb).toEqual(resumed.sqlite);
    expect(resumed.dynamodb).toMatchObject({
      asked: { answers: ["one", "one", "yes", "one", "two"] },
      failed: { answers: ["one", "broken", "two"] },
      forked: { answers: ["no", "three"] },
      worked: ["broken"], // what was done before is not done again
    });
  },
);

test("the documented program fits the types that are published", async () => {
  const compiler = [
    "--ignoreConfig",
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--target",
    "es2023",
    "--module",
    "nodenext",
    "--types",
    "node",
    "migrate.mts",
  ];
  await printedBy(join(root, "node_modules/typescript/bin/tsc"), ...compiler);
});
