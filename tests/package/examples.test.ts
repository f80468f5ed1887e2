import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run, type Installed } from "./installed.js";
import { installPrograms } from "./installed-programs.js";

/* The examples of the agent server as somebody has copied them, with what their page says is to be installed. */

let installed: Installed;
let folder: string;

beforeAll(async () => {
  ({ installed } = await installPrograms());
  folder = join(installed.folder, "copied");
  await mkdir(folder);
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  await cp(join(installed.modules, "langgraph-checkpoint-dynamodb/examples"), join(folder, "examples"), {
    recursive: true,
  });
}, 300_000);

afterAll(() => installed?.remove());

/** Everything that a compiler can be strict about. */
const strict = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true, // LangChain's own declarations do not pass
  target: "es2022",
  module: "esnext",
  moduleResolution: "bundler",
  allowJs: true,
  checkJs: true,
  noEmit: true,
};

test.each([
  { name: "server-node", options: { types: ["node"] } },
  { name: "server-lambda", options: { types: ["node"] } },
  { name: "server-deno", options: { types: ["deno"] } },
  {
    name: "server-react",
    options: { lib: ["ES2023", "DOM", "DOM.Iterable"], types: ["vite/client"], jsx: "react-jsx" },
  },
])(
  "$name compiles, strict, on the types of the package",
  async ({ name, options }) => {
    const config = join(folder, `tsconfig.${name}.json`);
    await writeFile(
      config,
      JSON.stringify({ compilerOptions: { ...strict, ...options }, include: [`examples/${name}`] }),
    );
    const tsc = join(installed.modules, "typescript/bin/tsc");
    expect(await run(folder, process.execPath, [tsc, "-p", config, "--pretty", "false"])).toBe("");
  },
  240_000,
);

test("server-react and server-lambda are bundled by what their page names", async () => {
  await run(folder, "npx", ["--offline", "vite", "build", "examples/server-react"], { NODE_ENV: "production" });
  const esbuild = "--bundle --platform=node --format=esm --target=node22 --outfile=build/index.mjs".split(" ");
  const lambda = join(folder, "examples/server-lambda");
  await run(lambda, "npx", ["--offline", "esbuild", "index.ts", ...esbuild]);
  const program = `globalThis.awslambda = { streamifyResponse: (handler) => handler };
    console.log(typeof (await import("./build/index.mjs")).handler);`;
  const env = {
    AGENT_TOKEN: "a-token",
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "localSecret",
    DYNAMODB_TABLE_NAME: "checkpoints",
  };
  expect(await run(lambda, process.execPath, ["--input-type=module", "--eval", program], env)).toBe("function\n");
}, 240_000);
