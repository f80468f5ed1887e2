import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Block } from "../../scripts/lib/docs/documents.js";
import { executableOf } from "../../scripts/lib/testing/runtimes.js";
import { createSaver, credentials, endpoint } from "../lanes/savers/harness.js";
import { deleteTable } from "../lanes/stored/raw-setup.js";
import { runProgram } from "../lanes/run/documented-programs.js";
import { run, type Installed } from "./installed.js";
import { installPrograms, PROJECTS } from "./installed-programs.js";

/*
 * Every program of the documentation as its reader has it: on the packed package with its types, strict, by the
 * compilers of today.
 */

const COMPILERS = { "TypeScript 5.9": "typescript-5.9", "TypeScript 6": "typescript", "TypeScript 7": "typescript-7" };

let installed: Installed;
let documents: string;
let blocks: Block[];
/** What examples/README.md says is to be installed beside the package. */
let named: string[];

beforeAll(async () => {
  ({ installed, documents, blocks, named } = await installPrograms());
}, 300_000);

afterAll(() => installed?.remove());

const compile = (compiler: string, folder: string, ...args: string[]) =>
  run(folder, process.execPath, [join(installed.modules, compiler, "bin/tsc"), ...args]);

describe.each(Object.entries(COMPILERS))("%s", (version, compiler) => {
  test("is what was installed by that name", async () => {
    expect(await compile(compiler, installed.folder, "--version")).toMatch(version.replace("TypeScript", "Version"));
  });

  // The middle one resolves modules as the oldest one does.
  const projects = compiler === "typescript" ? ["bundler"] : Object.keys(PROJECTS);
  test.each(projects)(
    "compiles every program of the documentation, strict, with moduleResolution %s",
    async (name) => {
      expect(await compile(compiler, documents, "-p", `tsconfig.${name}.json`, "--pretty", "false")).toBe("");
    },
    240_000,
  );

  // TypeScript 7 compiles them where they run, in `projects.test.ts`.
  const small = { typescript: ["bundler"], "typescript-5.9": ["node16", "bundler"] }[compiler] ?? [];
  test.each(small)(
    "compiles the small project with moduleResolution %s",
    async (name) => {
      expect(
        await compile(compiler, join(installed.folder, `typescript-${name}`), "--noEmit", "--pretty", "false"),
      ).toBe("");
    },
    240_000,
  );
});

test(
  "declarations of the package stand by themselves where there are no types of the DOM, and still refuse a " +
    "wrong key",
  async () => {
    const text = `
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import "langgraph-checkpoint-dynamodb/context";
import "langgraph-checkpoint-dynamodb/credentials";
import "langgraph-checkpoint-dynamodb/reader";
import "langgraph-checkpoint-dynamodb/s3-vectors";
import "langgraph-checkpoint-dynamodb/server";
const place = { tableName: "checkpoints", region: "us-east-1" };
export const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
const bytes = new Uint8Array(32);
export const good = [key, bytes].map((key) => new DynamoDBSaver({ ...place, encryption: { key } }));
// @ts-expect-error
export const bad = new DynamoDBSaver({ ...place, encryption: { key: 42 } });
`;
    await writeFile(join(installed.folder, "server.mts"), text);
    const compilerOptions = {
      strict: true,
      target: "es2022",
      lib: ["ES2023"],
      module: "nodenext",
      types: ["node"],
      noEmit: true,
    };
    await writeFile(
      join(installed.folder, "tsconfig.server.json"),
      JSON.stringify({ compilerOptions, files: ["server.mts"] }),
    );
    // What LangChain's own declarations lack is not ours.
    const complaints = await compile(
      "typescript",
      installed.folder,
      "-p",
      "tsconfig.server.json",
      "--pretty",
      "false",
    ).catch(String);

    expect(
      complaints
        .split("\n")
        .filter((line) => /server\.mts|langgraph-checkpoint-dynamodb/.test(line) && !line.includes("bin/tsc")),
    ).toEqual([]);
  },
  240_000,
);

test("the programs of all documents are among them", () => {
  const places = new Set(blocks.map(({ place }) => place.replace(/:.*/, "")));

  expect([...places]).toEqual(
    expect.arrayContaining([
      "README.md",
      "docs/api.md",
      "docs/credentials.md",
      "docs/migrating.md",
      "docs/operations.md",
      "docs/server.md",
      "docs/store.md",
      "docs/threads.md",
      "docs/troubleshooting.md",
      "src/aws/credentials/from-web-token.ts",
      "src/vectors/s3-vector-index.ts",
    ]),
  );
  expect(blocks.length).toBeGreaterThan(25);
});

test("the whole programs run, and print what stands behind them", async () => {
  const programs = blocks.filter(({ mark }) => /^run\b/.test(mark));

  const ended = await Promise.all(
    programs.map(async (program) => {
      const { code, printed } = await runProgram(program, installed.folder);
      return { place: program.place, code, printed: printed.trimEnd() };
    }),
  );

  expect(programs.map(({ place }) => place.split(":")[0])).toEqual(
    expect.arrayContaining(["README.md", "docs/operations.md", "docs/migrating.md", "docs/threads.md"]),
  );
  expect(ended).toEqual(
    programs.map(({ place, output }) => ({ place, code: 0, printed: output ?? (expect.any(String) as string) })),
  );
}, 240_000);

test("the first program of the README runs as it is, in a Node that knows TypeScript", async () => {
  const [first] = blocks.filter(({ place, mark }) => place.startsWith("README.md") && mark === "run");
  const { accessKeyId, secretAccessKey } = credentials();
  const tableName = `docs-${crypto.randomUUID()}`;
  await writeFile(
    join(installed.folder, "approval.mts"),
    first!.text.replace('"langgraph-checkpoints"', JSON.stringify(tableName)),
  );

  const printed = await run(installed.folder, executableOf("node24"), ["approval.mts"], {
    AWS_ENDPOINT_URL_DYNAMODB: endpoint(),
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  });
  await deleteTable(tableName);

  expect(printed.trimEnd()).toBe(first!.output);
});

describe("the examples, in a project of one's own that has what their page names", () => {
  test("import nothing else", async () => {
    const folder = join(installed.modules, "langgraph-checkpoint-dynamodb/examples");
    const files = (await readdir(folder, { recursive: true })).filter((name) => /\.[jt]sx?$/.test(name));
    const imported = await Promise.all(
      files.map(async (name) =>
        [...(await readFile(join(folder, name), "utf8")).matchAll(/(?:from|import\()\s*"((?:@[^/"]+\/)?[^/"]+)/g)].map(
          ([, source]) => source!,
        ),
      ),
    );
    const packages = new Set(imported.flat().filter((name) => !name.startsWith("node:") && !name.startsWith(".")));
    if (packages.delete("aws-lambda")) packages.add("@types/aws-lambda"); // there is no other

    expect(files.length).toBeGreaterThan(8);
    expect([...packages].filter((name) => name !== "langgraph-checkpoint-dynamodb" && !named.includes(name))).toEqual(
      [],
    );
  });

  test("run from the package", async () => {
    const folder = join(installed.folder, "own");
    await mkdir(folder);
    await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    await cp(join(installed.modules, "langgraph-checkpoint-dynamodb/examples"), join(folder, "examples"), {
      recursive: true,
    });
    const { accessKeyId, secretAccessKey } = credentials();
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    const tableName = `examples-${crypto.randomUUID()}`;
    const env = {
      ...keys,
      AWS_ENDPOINT_URL_DYNAMODB: endpoint(),
      AWS_REGION: "us-east-1",
      DYNAMODB_TABLE_NAME: tableName,
    };
    const example = (name: string, ...args: string[]) =>
      run(folder, process.execPath, [`examples/${name}/index.js`, ...args], env);

    await createSaver({ tableName }).setup();
    const printed = await Promise.all([
      example("time-travel"),
      example("chat", "I", "am", "Ada."),
      example("pipeline", "start", "tides"),
      example("approval", "request", "rent", "Alice", "1200"),
    ]);
    await deleteTable(tableName);

    expect(printed).toEqual([
      expect.stringMatching(/^first: .*\nsecond: /),
      expect.stringMatching(/\S/),
      expect.stringContaining("finalize stored"),
      "rent: Transfer 1200 to Alice?\n",
    ]);
  });
});
