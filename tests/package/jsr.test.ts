import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { executableOf } from "../../scripts/lib/testing/runtimes.js";
import { root, run } from "./installed.js";

/* What JSR would get for Deno: the sources themselves. Whether its server takes them, only publishing tells. */

const read = async (name: string) => JSON.parse(await readFile(join(root, name), "utf8"));

test("jsr.json says the same as package.json, and has its name behind the scope that JSR wants", async () => {
  const [jsr, npm] = await Promise.all([read("jsr.json"), read("package.json")]);
  const entries = Object.keys(npm.exports).filter((entry) => entry !== "./package.json");
  const packages = Object.entries({ ...npm.dependencies, ...npm.peerDependencies });

  expect(jsr.name.split("/").slice(1)).toEqual([npm.name]);
  expect([jsr.version, jsr.license]).toEqual([npm.version, npm.license]);
  expect(Object.keys(jsr.exports)).toEqual(entries);
  expect(jsr.imports).toEqual(
    Object.fromEntries(packages.map(([name, version]) => [name, `npm:${name}@${String(version)}`])),
  );
});

test(
  "deno publish finds nothing against publishing: modules, types and what is public are as JSR " + "wants them",
  async () => {
    const cache = await mkdtemp(join(tmpdir(), "deno-"));
    try {
      // The sources import each other as `.js`, as TypeScript has it; what is published says `.ts`.
      const publish = [
        "publish",
        "--dry-run",
        "--unstable-sloppy-imports",
        "--allow-dirty",
        "--no-lock",
        "--node-modules-dir=manual",
      ];
      await run(root, executableOf("deno"), publish, { DENO_DIR: cache });
    } finally {
      await rm(cache, { recursive: true, force: true });
    }
  },
  120_000,
);
