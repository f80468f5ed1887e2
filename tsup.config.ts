import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defineConfig, type Options } from "tsup";
import { noticeOf } from "./scripts/lib/licenses.js";

const both: Options = { target: "es2022", treeshake: true, silent: true, clean: false };

/** esbuild names a class that refers to itself `_Name`, and users see that in stacks and where `name` is printed. */
const named: NonNullable<Options["plugins"]>[number] = {
  name: "names-of-classes",
  renderChunk: (code) => ({
    code: [...code.matchAll(/^var (\w+) = class _\1\b/gm)].reduce(
      (text, [, name = ""]) => text.replaceAll(new RegExp(`\\b_${name}\\b`, "g"), name),
      code,
    ),
  }),
};

const library: Options = {
  ...both,
  plugins: [named],
  entry: [
    "src/index.ts",
    "src/reader.ts",
    "src/credentials.ts",
    "src/context.ts",
    "src/s3-vectors.ts",
    "src/server.ts",
  ],
  tsconfig: "src/tsconfig.json",
  format: ["esm", "cjs"],
  // Neutral: nothing of Node is assumed, and a `node:` import that slips in stays visible in the bundle.
  platform: "neutral",
  dts: true,
};

/** LangChain's own classes take longer to load than all of the command line, which rarely meets one. */
const whenNeeded: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "when-needed",
  setup: (build) => {
    build.onResolve({ filter: /^@langchain\/core\/load$/ }, ({ path, kind }) =>
      kind === "dynamic-import" ? { path, external: true } : { path, namespace: "when-needed" },
    );
    build.onLoad({ filter: /^/, namespace: "when-needed" }, ({ path }) => ({
      contents: `export const load = async (...of) => (await import("${path}")).load(...of);`,
    }));
  },
};

/** The command line, with all that it uses but the library's two dependencies and LangChain's own classes. */
const cli: Options = {
  ...both,
  noExternal: [/^@langchain\//],
  entry: { cli: "src/cli/main.ts" },
  tsconfig: "src/cli/tsconfig.json",
  format: "esm",
  platform: "node",
  target: "node20",
  splitting: true,
  // What a command does not need is not loaded for it.
  esbuildOptions: (options) => void (options.chunkNames = "cli/[name]-[hash]"),
  // For the packages among them that still use `require`.
  banner: {
    js:
      'import { createRequire as createRequireOfCli } from "node:module"; const require = ' +
      "createRequireOfCli(import.meta.url);",
  },
};

export default defineConfig(async ({ outDir = "dist" }) => {
  // Here, because both build into one folder.
  await rm(outDir, { recursive: true, force: true });
  const licenses: NonNullable<Options["esbuildPlugins"]>[number] = {
    name: "licenses",
    setup: (build) =>
      build.onEnd(async ({ metafile }) => {
        await mkdir(join(outDir, "cli"), { recursive: true });
        await writeFile(join(outDir, "cli/LICENSES.txt"), noticeOf(Object.keys(metafile!.inputs)));
      }),
  };
  return [library, { ...cli, esbuildPlugins: [whenNeeded, licenses] }];
});
