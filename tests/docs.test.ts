import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { readDocuments, type Document } from "../scripts/lib/docs/documents.js";
import { checkPromises } from "../scripts/lib/testing/promises.js";
import { referencePages } from "../scripts/lib/docs/reference.js";
import { unionMembers } from "../scripts/lib/docs/tsdoc.js";
import { syntaxErrorOf } from "./lanes/run/documented-programs.js";

let documents: Document[];

beforeAll(async () => {
  documents = await readDocuments();
});

describe("the Markdown files", () => {
  test("have no link and no anchor that leads nowhere", () => {
    expect(documents.map(({ path }) => path)).toEqual(
      expect.arrayContaining(["README.md", "SECURITY.md", "docs/README.md", "infra/README.md"]),
    );
    expect(documents.flatMap(({ brokenLinks }) => brokenLinks)).toEqual([]);
  });

  test("are all found from the index", () => {
    const index = readFileSync(new URL("../docs/README.md", import.meta.url), "utf8");
    const pages = documents
      .map(({ path }) => path)
      .filter((path) => path.startsWith("docs/") && path !== "docs/README.md");

    expect(pages.filter((path) => !index.includes(`(${path.slice("docs/".length)})`))).toEqual([]);
  });

  test("show code that can be parsed", async () => {
    const code = documents
      .flatMap(({ blocks }) => blocks)
      .filter(({ language, mark }) => language === "ts" && mark !== "signature");

    expect(code.length).toBeGreaterThan(10);
    expect((await Promise.all(code.map(syntaxErrorOf))).flat()).toEqual([]);
  });
});

describe("the reference", () => {
  const pages = referencePages();

  test.each(pages)("$name is what `npm run docs` writes", ({ url, text }) => {
    expect(readFileSync(url, "utf8")).toBe(text);
  });

  test.each(pages)("$name has a description of everything", ({ undocumented }) => {
    expect(undocumented).toEqual([]);
  });

  test("has a section for every option that the constructor takes", () => {
    const config = readFileSync(new URL("../src/config/config.ts", import.meta.url), "utf8");
    const [, list = ""] = /KNOWN_OPTIONS: readonly string\[\] = \[(.*?)\]/s.exec(config) ?? [];
    const options = [...list.matchAll(/"(\w+)"/g)].map(([, name]) => name!);

    expect(options).toContain("tableName");
    expect(documents.find(({ path }) => path === "docs/configuration.md")!.headings).toEqual(
      expect.arrayContaining(options),
    );
  });
});

test("troubleshooting.md has a section for every error code, and for no other", () => {
  const errors = readFileSync(new URL("../src/errors.ts", import.meta.url), "utf8");
  const codes = unionMembers(errors).map(({ name }) => name);
  const headings = documents.find(({ path }) => path === "docs/troubleshooting.md")!.headings;

  expect(codes).toContain("CONFLICT");
  expect(headings.filter((heading) => /^[A-Z_]+$/.test(heading)).toSorted()).toEqual(codes.toSorted());
});

test("SECURITY.md names for every promise a test that is there", () => {
  const { rows, problems } = checkPromises();

  expect(rows).toBeGreaterThan(10);
  expect(problems).toEqual([]);
});
