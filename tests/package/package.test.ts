import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readDocuments } from "../../scripts/lib/docs/documents.js";
import { installPackage, root, run, type Installed } from "./installed.js";

/* What is published: packed, and installed as a user would. */

let installed: Installed;

beforeAll(async () => {
  installed = await installPackage();
}, 120_000);

afterAll(() => installed?.remove());

test("the tarball holds the build with its types, what is to be read first, and nothing else", () => {
  // What both entries share lies in files whose names tsup makes up. The examples are folders to copy from.
  const files = installed.files.map((path) =>
    path
      .replace(/^(examples|workers)\/(?!README\.md$).*/, "$1/…")
      .replace(/^dist\/[\w-]+-[\w-]{8}\./, "dist/shared.")
      .replace(/^dist\/cli\/.*-[\w-]{8}\.js$/, "dist/cli/shared.js"),
  );

  expect([...new Set(files)].sort()).toEqual([
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "dist/cli.js",
    "dist/cli/LICENSES.txt",
    "dist/cli/shared.js",
    "dist/context.cjs",
    "dist/context.d.cts",
    "dist/context.d.ts",
    "dist/context.js",
    "dist/credentials.cjs",
    "dist/credentials.d.cts",
    "dist/credentials.d.ts",
    "dist/credentials.js",
    "dist/index.cjs",
    "dist/index.d.cts",
    "dist/index.d.ts",
    "dist/index.js",
    "dist/reader.cjs",
    "dist/reader.d.cts",
    "dist/reader.d.ts",
    "dist/reader.js",
    "dist/s3-vectors.cjs",
    "dist/s3-vectors.d.cts",
    "dist/s3-vectors.d.ts",
    "dist/s3-vectors.js",
    "dist/server.cjs",
    "dist/server.d.cts",
    "dist/server.d.ts",
    "dist/server.js",
    "dist/shared.d.cts",
    "dist/shared.d.ts",
    "dist/shared.js",
    ...["README", "api", "command-line", "comparison", "configuration", "credentials", "getting-started"].map(
      (page) => `docs/${page}.md`,
    ),
    ...["migrating", "operations", "runtimes"].map((page) => `docs/${page}.md`),
    "docs/screenshots/forked-dark.png",
    "docs/screenshots/forked.png",
    ...["server", "storage", "store", "support", "threads", "troubleshooting"].map((page) => `docs/${page}.md`),
    "examples/README.md",
    "examples/…",
    "infra/README.md",
    "infra/cloudformation.yaml",
    "package.json",
    "workers/…",
    "wrangler.toml",
  ]);
});

test("classes have the names that they are imported by", async () => {
  const program = `for (const [name, value] of Object.entries({ ...await import(process.argv[1]) }))
    if (typeof value === "function" && /^[A-Z]/.test(name)) console.log(name, value.name);`;
  const entries = ["", "/reader", "/credentials", "/context", "/s3-vectors", "/server"];
  const printed = await Promise.all(
    entries.map((entry) =>
      run(installed.folder, process.execPath, [
        "--input-type=module",
        "-e",
        program,
        "langgraph-checkpoint-dynamodb" + entry,
      ]),
    ),
  );
  const names = printed
    .join("")
    .trim()
    .split("\n")
    .map((line) => line.split(" "));

  expect(names.length).toBeGreaterThan(5);
  expect(names.filter(([exported, own]) => exported !== own)).toEqual([]);
});

test("every package whose code is in the command line's files is named, with its license", async () => {
  const dist = join(installed.modules, "langgraph-checkpoint-dynamodb/dist");
  const chunks = (await readdir(join(dist, "cli"))).filter((file) => file.endsWith(".js"));
  const code = await Promise.all(
    ["cli.js", ...chunks.map((file) => join("cli", file))].map((file) => readFile(join(dist, file), "utf8")),
  );
  // The bundler says in a comment where each piece comes from.
  const bundled = new Set(
    code.join("\n").match(/(?<=^\/\/ .*node_modules\/)(@[\w.-]+\/)?[\w.-]+(?=\/(?!.*node_modules\/))/gm),
  );
  expect(bundled.size).toBeGreaterThan(20);
  const notice = await readFile(join(dist, "cli/LICENSES.txt"), "utf8");
  const named = [...notice.matchAll(/^(\S+) \d\S* \((MIT|ISC|Apache-2\.0)\)$/gm)].map(([, name]) => name);
  expect([...bundled].filter((name) => !named.includes(name))).toEqual([]);
  // None of them wants a newer Node than package.json admits.
  const lowest = async (file: string): Promise<number> => {
    const { engines } = JSON.parse(await readFile(file, "utf8")) as { engines?: { node?: string } };
    const [, major = 0, minor = 0] = /(?:^|\|\| *)(?:>= ?|\^)(\d+)(?:\.(\d+))?[^|]*$/.exec(engines?.node ?? "") ?? [];
    return Number(major) * 1_000 + Number(minor);
  };
  const admitted = await lowest(join(root, "package.json"));
  const wanted = await Promise.all(
    named.map(async (name) => ({ name, node: await lowest(join(root, "node_modules", name!, "package.json")) })),
  );
  expect(wanted.some(({ node }) => node > 20_000)).toBe(true);
  expect(wanted.filter(({ node }) => node > admitted)).toEqual([]);
  for (const words of ["Permission is hereby granted", "Apache License", "Permission to use, copy, modify, and"])
    expect(notice).toContain(words);
});

test("every link and picture of the packed documents leads to a packed file, and its anchor is there", async () => {
  const documents = await readDocuments(join(installed.modules, "langgraph-checkpoint-dynamodb/"));

  expect(documents.map(({ path }) => path)).toEqual(
    expect.arrayContaining([
      "README.md",
      "SECURITY.md",
      "docs/README.md",
      "docs/troubleshooting.md",
      "examples/README.md",
      "infra/README.md",
    ]),
  );
  expect(documents.flatMap(({ brokenLinks }) => brokenLinks)).toEqual([]);
});

describe("a release", () => {
  const publish = (folder: string) => run(folder, process.execPath, [join(root, "scripts/check-release.js")]);
  const notice = "<!-- until the first release -->";

  test(
    "comes after a check by npm, which needs the repository's address and a README that knows of " + "the release",
    async () => {
      const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
        scripts: Record<string, string>;
      };
      expect(scripts.prepublishOnly).toBe("node scripts/check-release.js");

      const unfilled = await mkdtemp(join(installed.folder, "release-"));
      const address = { repository: { type: "git", url: "git+https://github.com/_owner_/one.git" } };
      await writeFile(join(unfilled, "package.json"), JSON.stringify(address));
      await writeFile(join(unfilled, "README.md"), notice);
      await expect(publish(unfilled)).rejects.toThrow(/package\.json: put the address[^]*README\.md: take out/);

      await writeFile(join(unfilled, "package.json"), JSON.stringify(address).replace("_owner_", "somebody"));
      await expect(publish(unfilled)).rejects.toThrow(/failed:\nREADME\.md: take out/);

      await writeFile(join(unfilled, "README.md"), "# One");
      expect(await publish(unfilled)).toBe("");
    },
  );

  test("has its address in one place", async () => {
    const texts = await Promise.all(
      installed.files
        .filter((path) => /\.(md|json|toml|yaml|[jt]s)$/.test(path))
        .map(async (path) => ({ path, text: await readFile(join(root, path), "utf8") })),
    );

    expect(texts.filter(({ text }) => text.includes("_owner_")).map(({ path }) => path)).toEqual(["package.json"]);
  });
});

test("publint finds nothing to say about the package", async () => {
  const { messages, pkg } = await publint({ pack: { tarball: installed.tarball.slice().buffer }, strict: true });

  expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
});

test("are-the-types-wrong finds types that fit what is imported, in every way of resolving it", async () => {
  const result = await checkPackage(createPackageFromTarballData(installed.tarball));
  if (!result.types) throw new Error("The package has no types.");

  expect(Object.keys(result.entrypoints).sort()).toEqual([
    ".",
    "./context",
    "./credentials",
    "./package.json",
    "./reader",
    "./s3-vectors",
    "./server",
  ]);
  expect(result.problems).toEqual([]);
});

test("npm installs what the package declares, and that is aws4fetch and fflate", async () => {
  const alone = await installPackage([]);
  try {
    const modules = await readdir(alone.modules);
    expect(modules.filter((name) => !name.startsWith(".")).sort()).toEqual([
      "aws4fetch",
      "fflate",
      "langgraph-checkpoint-dynamodb",
    ]);
  } finally {
    await alone.remove();
  }
});
