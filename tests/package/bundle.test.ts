import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type BuildOptions } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CEILINGS } from "../../bench/ceilings.js";
import { createSaver, endpoint, tableName } from "../lanes/savers/harness.js";
import { emptyThread, putStep } from "../lanes/savers/checkpoints.js";
import { installPackage, run, tool, type Installed } from "./installed.js";

/*
 * What an application's bundle gets from the packed file: own code, aws4fetch and fflate. Nothing else is installed
 * beside it.
 */

let alone: Installed;

beforeAll(async () => {
  alone = await installPackage([]);
}, 120_000);

afterAll(() => alone?.remove());

const dist = (file: string): string => join(alone.modules, "langgraph-checkpoint-dynamodb/dist", file);

const SIZED: BuildOptions = {
  bundle: true,
  metafile: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  logLevel: "silent",
};

interface Bundle {
  text: string;
  imports: string[];
  gzipped: number;
}

async function bundled(options: BuildOptions): Promise<Bundle> {
  const { outputFiles, metafile } = await build({ ...SIZED, absWorkingDir: alone.folder, ...options, write: false });
  const { contents, text } = outputFiles[0]!;
  const imports = Object.values(metafile!.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  return { text, imports: [...new Set(imports)].sort(), gzipped: gzipSync(contents, { level: 9 }).length };
}

const source = (name: string, entry: string): string =>
  `export { ${name} } from "langgraph-checkpoint-dynamodb${entry}";`;
const bundleOf = (name: string, entry: string, external: string[] = []): Promise<Bundle> =>
  bundled({ stdin: { contents: source(name, entry), resolveDir: alone.folder }, minify: true, external });

const saver = () => bundleOf("DynamoDBSaver", "", ["@langchain/*"]);
const reader = () => bundleOf("DynamoDBReader", "/reader");
const vectorIndex = () => bundleOf("S3VectorIndex", "/s3-vectors");

/** The one look for Node's environment, and the one message that names it. */
const ALLOWED = ["globalThis.process?.env", "a Worker's env, process.env, or Deno.env.toObject()"];

/** wrangler keeps the names of all functions, which is 2 KB more. */
const BY_WRANGLER = 35_450;

describe.each([
  ["saver", saver, CEILINGS.saver],
  ["reader", reader, CEILINGS.reader],
  ["index of vectors", vectorIndex, CEILINGS.vectorIndex],
])("the bundle of the %s", (_, bundle, ceiling) => {
  test("holds nothing of Node or the AWS SDK, but one guarded look for the environment", async () => {
    let { text } = await bundle();
    for (const allowed of ALLOWED) {
      expect(text.split(allowed), allowed).toHaveLength(2);
      text = text.replace(allowed, "");
    }

    for (const forbidden of [
      /.{0,40}\bprocess\b/,
      /.{0,40}\bnode:/,
      /.{0,40}\bBuffer\b/,
      /.{0,40}\brequire\(/,
      /.{0,40}@aws-sdk/,
    ]) {
      expect(text.match(forbidden)?.[0], String(forbidden)).toBeUndefined();
    }
  });

  test(`weighs ${ceiling} bytes at most, gzipped, without LangChain`, async () => {
    expect((await bundle()).gzipped).toBeLessThanOrEqual(ceiling);
  });
});

/**
 * What may be imported from packages, by all files that an entry loads: also by what a bundler would leave out, since
 * Node does not.
 */
const MAY_IMPORT: Record<string, string[]> = {
  index: ["@langchain/core/load", "@langchain/core/messages", "@langchain/langgraph-checkpoint", "aws4fetch", "fflate"],
  reader: ["aws4fetch", "fflate"],
  credentials: ["aws4fetch"],
  context: ["@langchain/core/singletons"],
  "s3-vectors": ["aws4fetch"],
  // As an ES module it shares a file with the saver, which it never comes without.
  server: ["aws4fetch"],
};

test("there is an import list for every entry", async () => {
  const entries = (await readdir(dist("")))
    .filter((file) => file.endsWith(".d.cts") && !/-[\w-]{8}\.d\.cts$/.test(file))
    .map((file) => file.replace(".d.cts", ""));

  expect(entries.sort()).toEqual(Object.keys(MAY_IMPORT).sort());
});

test.each(
  Object.entries(MAY_IMPORT).flatMap(([entry, packages]) =>
    [`${entry}.js`, `${entry}.cjs`].map((file) => [file, packages] as const),
  ),
)("%s imports nothing but %j, whatever of it is used", async (file, packages) => {
  const loaded = await bundled({
    entryPoints: [dist(file)],
    packages: "external",
    treeShaking: false,
    ignoreAnnotations: true,
  });

  expect(packages).toEqual(expect.arrayContaining(loaded.imports));
});

const env = (): Record<string, string> => ({
  DYNAMODB_TABLE_NAME: tableName(),
  AWS_ENDPOINT_URL_DYNAMODB: endpoint(),
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "local",
  AWS_SECRET_ACCESS_KEY: "localSecret",
});

test("the command line shows a thread with nothing beside it: it loads LangChain only where it has to", async () => {
  await putStep(createSaver({ keyPrefix: "alone#" }), emptyThread("shown"), { answer: 42 });
  const args = [dist("cli.js"), "inspect", "shown", "--checkpoint", "latest", "--json"];

  const shown = await run(alone.folder, process.execPath, args, { ...env(), CHECKPOINT_KEY_PREFIX: "alone#" });

  expect(JSON.parse(shown)).toMatchObject({ channels: [{ channel: "answer", value: 42 }] });
});

describe("the reader with nothing beside it", () => {
  const READS = `
    DynamoDBReader.fromEnv(process.env, { keyPrefix: "alone#" })
      .getTuple({ configurable: { thread_id: "one" } })
      .then(({ checkpoint }) => console.log(JSON.stringify(checkpoint.channel_values)));
  `;

  test("reads a thread, as ESM and as CommonJS", async () => {
    await putStep(createSaver({ keyPrefix: "alone#" }), emptyThread("one"), { answer: 42 });
    await writeFile(
      join(alone.folder, "read.mjs"),
      `import { DynamoDBReader } from "langgraph-checkpoint-dynamodb/reader";${READS}`,
    );
    await writeFile(
      join(alone.folder, "read.cjs"),
      `const { DynamoDBReader } = require("langgraph-checkpoint-dynamodb/reader");${READS}`,
    );

    expect(JSON.parse(await run(alone.folder, process.execPath, ["read.mjs"], env()))).toEqual({ answer: 42 });
    expect(JSON.parse(await run(alone.folder, process.execPath, ["read.cjs"], env()))).toEqual({ answer: 42 });
  });

  /** The same in a page and in a Worker, and something that uses it, so that no bundler leaves it out. */
  const USED =
    'import { DynamoDBReader } from "langgraph-checkpoint-dynamodb/reader";\nglobalThis.read = (env) => ' +
    "DynamoDBReader.fromEnv(env).getTuple({});\nexport default { fetch: async (_, env) => Response.json(await " +
    "read(env)) };\n";

  test(
    `weighs ${CEILINGS.reader} bytes at most too as Vite bundles it, and ${BY_WRANGLER} as ` + "wrangler does",
    async () => {
      const folder = join(alone.folder, "esm");
      const files = {
        "reads.js": USED,
        "index.html": '<script type="module" src="/reads.js"></script>',
        "vite.config.js": 'export default { build: { target: "es2022", modulePreload: { polyfill: false } } };',
        "wrangler.toml": 'name = "reads"\nmain = "reads.js"\ncompatibility_date = "2026-04-01"\n',
      };
      await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
      await Promise.all([
        run(folder, process.execPath, [tool("vite/bin/vite.js"), "build", "--logLevel=error"]),
        run(
          folder,
          process.execPath,
          [tool("wrangler/bin/wrangler.js"), "deploy", "--dry-run", "--minify", "--outdir=out"],
          { WRANGLER_SEND_METRICS: "false" },
        ),
      ]);

      const [script = ""] = await readdir(join(folder, "dist/assets"));
      const sizeOf = async (file: string): Promise<number> =>
        gzipSync(await readFile(join(folder, file)), { level: 9 }).length;
      const [byVite, byWrangler] = [await sizeOf(`dist/assets/${script}`), await sizeOf("out/reads.js")];
      expect(Math.min(byVite, byWrangler)).toBeGreaterThan(20_000); // it is really there
      expect(byVite).toBeLessThanOrEqual(CEILINGS.reader);
      expect(byWrangler).toBeLessThanOrEqual(BY_WRANGLER);
    },
  );
});
