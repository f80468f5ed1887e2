import { fileURLToPath } from "node:url";
import { build, type BuildOptions } from "esbuild";
import { expect, test } from "vitest";

/** Who imports only the saver must not pay for the store and the cache, also where all of it has become one file. */

const index = fileURLToPath(new URL("../src/index.ts", import.meta.url));
const shared: BuildOptions & { write: false } = {
  bundle: true,
  format: "esm",
  platform: "neutral",
  mainFields: ["module", "main"],
  target: "es2022",
  external: ["@langchain/*"],
  write: false,
};

/** Words that only the store or the cache has. */
const STORE = ["NAMESPACES", "namespacePrefix", "vectorIndex", "embedDocuments", "StoreDataError"];

test("a bundle that imports only DynamoDBSaver has nothing of the store", async () => {
  const published = (
    await build({ ...shared, entryPoints: [index], external: ["@langchain/*", "aws4fetch", "fflate"] })
  ).outputFiles[0]!.text;
  const bundleOf = async (exports: string): Promise<string> => {
    const source = {
      contents: published,
      loader: "js" as const,
      resolveDir: fileURLToPath(new URL("..", import.meta.url)),
    };
    const plugin = {
      name: "published",
      setup: (builder: Parameters<NonNullable<BuildOptions["plugins"]>[number]["setup"]>[0]) => {
        builder.onResolve({ filter: /^published$/ }, () => ({
          path: "published",
          namespace: "published",
          sideEffects: true,
        }));
        builder.onLoad({ filter: /.*/, namespace: "published" }, () => source);
      },
    };
    return (
      await build({
        ...shared,
        minify: true,
        stdin: { contents: `export { ${exports} } from "published";` },
        plugins: [plugin],
      })
    ).outputFiles[0]!.text;
  };
  const [saver, all] = [
    await bundleOf("DynamoDBSaver"),
    await bundleOf("DynamoDBSaver, DynamoDBStore, DynamoDBCache, StoreDataError"),
  ];

  expect(STORE.filter((word) => !all.includes(word))).toEqual([]);
  expect(STORE.filter((word) => saver.includes(word))).toEqual([]);
});
