import { builtinModules } from "node:module";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("../../../", import.meta.url));

export interface BundleOptions {
  /** Of `tests/runtimes/guest/`. */
  guest: "command" | "page" | "worker";
  /** Export conditions by which packages know the runtime. */
  conditions: string[];
  /** Where there is no `node:` module at all. */
  withoutNode: boolean;
  /** Test files and what runs before each, as paths in this repository. */
  files: string[];
  setupFiles: string[];
  outfile: string;
}

/** The test files with all that they import, vitest included, as one file for one runtime. */
export async function bundleTests({
  guest,
  conditions,
  withoutNode,
  files,
  setupFiles,
  outfile,
}: BundleOptions): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: [`tests/runtimes/guest/${guest}.ts`],
    outfile,
    bundle: true,
    format: guest === "page" ? "iife" : "esm",
    platform: withoutNode ? "browser" : "node",
    conditions,
    target: "es2024",
    plugins: [testFiles(files, setupFiles), withoutNode ? substitutes : builtins],
    logLevel: "error",
  });
}

function testFiles(files: string[], setupFiles: string[]): Plugin {
  return {
    name: "test files",
    setup(build) {
      build.onResolve({ filter: /^test-files$/ }, () => ({ path: "test-files", namespace: "test-files" }));
      build.onLoad({ filter: /.*/, namespace: "test-files" }, () => ({
        contents: `export const files = {${files.map(loader).join("\n")}};`,
        resolveDir: root,
      }));
      // A copy of the module for each test file, as vitest loads it anew for each.
      build.onResolve({ filter: /\?before=/ }, ({ path }) => {
        const [file, before] = path.split("?before=");
        return { path: `${root}${file}`, suffix: `?before=${before}` };
      });
    },
  };
  function loader(file: string): string {
    const setups = setupFiles.map((setup) => `await import(${JSON.stringify(`${setup}?before=${file}`)});`);
    return (
      `${JSON.stringify(file)}: async () => { ${setups.join(" ")} await ` + `import(${JSON.stringify(`./${file}`)}); },`
    );
  }
}

/** Deno knows Node's modules only by their full names. */
const builtins: Plugin = {
  name: "Node's modules",
  setup(build) {
    build.onResolve({ filter: /^[a-z]/ }, ({ path }) =>
      builtinModules.includes(path) ? { path: `node:${path}`, external: true } : undefined,
    );
  },
};

/** What stands in for Node's modules where there are none, and for LangGraph's entry that needs them. */
const substitutes: Plugin = {
  name: "without Node",
  setup(build) {
    build.onResolve({ filter: /^node:util$/ }, () => ({ path: `${root}tests/runtimes/guest/without-node/util.ts` }));
    build.onResolve({ filter: /^@langchain\/langgraph$/ }, ({ resolveDir }) =>
      build.resolve("@langchain/langgraph/web", { resolveDir, kind: "import-statement" }),
    );
  },
};
