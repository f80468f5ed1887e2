import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { LANES } from "../../scripts/lib/testing/lanes.js";
import { oldestPeers, packageJson } from "../../scripts/lib/testing/peers.js";

/* What contributors and GitHub read: that it names what is there. */

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const { engines, scripts } = packageJson() as unknown as Record<"engines" | "scripts", Record<string, string>>;

/** The scripts that a text runs by npm. */
const scriptsIn = (text: string): string[] =>
  [...text.matchAll(/\bnpm (?:run (?:--silent )?)?((?<=run (?:--silent )?)[\w:]+|test\b|start\b)/g)].map(
    ([, name = ""]) => name,
  );

interface Workflow {
  permissions: Record<string, string>;
  jobs: Record<
    string,
    { permissions?: Record<string, string>; "timeout-minutes"?: number; steps: { uses?: string; run?: string }[] }
  >;
}

const workflows = readdirSync(join(root, ".github/workflows")).map((name) => {
  const text = read(`.github/workflows/${name}`);
  return { name, text, workflow: parse(text, { merge: true }) as Workflow };
});

test("every npm script that the pages for contributors and the workflows name is there", () => {
  const texts = ["CONTRIBUTING.md", ".github/pull_request_template.md", ".changeset/README.md", "README.md"].map(read);
  const named = [...texts, ...workflows.map(({ text }) => text)].flatMap(scriptsIn);

  expect(named.length).toBeGreaterThan(25);
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
});

test("CONTRIBUTING.md has every lane and no other", () => {
  const [, table = ""] = /## The lanes\n([^]*?)\n## /.exec(read("CONTRIBUTING.md")) ?? [];
  const rows = [...table.matchAll(/^\| (`.*?) \|/gm)];
  const lanes = rows.flatMap(([, cell = ""]) => [...cell.matchAll(/`([\w-]+)`/g)].map(([, name]) => name));

  expect(lanes.sort()).toEqual([...LANES].sort());
});

test("README and docs/support.md name the oldest LangGraph and the oldest Node that the package takes", () => {
  const node = engines.node!.replace(">=", "");
  for (const page of ["README.md", "docs/support.md"]) {
    expect(read(page)).toContain(oldestPeers()["@langchain/langgraph"]);
    expect(read(page)).toMatch(new RegExp(`Node (from )?${node.replace(".", "\\.")}`));
  }
});

describe("the workflows", () => {
  test("pin each action by its commit, and give no job more than it needs", () => {
    expect(workflows.map(({ name }) => name)).toEqual(["nightly.yml", "release.yml", "test.yml"]);
    for (const { name, workflow } of workflows) {
      expect(workflow.permissions, name).toEqual({ contents: "read" });
      for (const [job, { permissions, steps, ...rest }] of Object.entries(workflow.jobs)) {
        const publishes = name === "release.yml" && ["jsr", "npm"].includes(job);
        expect(permissions, `${name}: ${job}`).toEqual(
          publishes ? { contents: "read", "id-token": "write" } : undefined,
        );
        expect(rest["timeout-minutes"], `${name}: ${job}`).toBeGreaterThan(0);
        for (const { uses } of steps) if (uses) expect(uses).toMatch(/^actions\/[\w-]+@[0-9a-f]{40}$/);
      }
    }
  });

  test("publish with a statement of provenance, and hold no secret", () => {
    const { text, workflow } = workflows.find(({ name }) => name === "release.yml")!;
    const commands = Object.values(workflow.jobs).flatMap(({ steps }) => steps.map(({ run }) => run));

    expect(commands).toContain("npm publish --provenance --access public");
    expect(text).not.toContain("secrets.");
  });
});

test("the issue forms are ones that GitHub takes, and that of a fault requires what doctor says", () => {
  const forms = ["bug", "feature"].map(
    (name) =>
      parse(read(`.github/ISSUE_TEMPLATE/${name}.yml`)) as {
        name: string;
        description: string;
        body: { type: string; id?: string; attributes: Record<string, string>; validations?: { required: boolean } }[];
      },
  );
  for (const { name, description, body } of forms) {
    expect([name, description].every((text) => text.length > 0)).toBe(true);
    const fields = body.filter(({ type }) => type !== "markdown");
    expect(fields.every(({ type, attributes }) => type === "textarea" && attributes.label)).toBe(true);
    const ids = fields.map(({ id }) => id);
    expect(ids.every(Boolean) && new Set(ids).size === ids.length).toBe(true);
  }
  const doctor = forms[0]!.body.find(({ id }) => id === "doctor")!;
  expect(doctor.attributes.description).toMatch(/doctor --table TABLE --region REGION --json/);
  expect(doctor.validations?.required).toBe(true);
});

describe("in a folder with a package.json of version 0.2.0", () => {
  const folder = mkdtempSync(join(tmpdir(), "release-"));
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ version: "0.2.0", repository: { url: "git+https://github.com/somebody/one.git" } }),
  );
  writeFileSync(join(folder, "README.md"), "# One\n");
  const check = (tag: string): string => {
    try {
      execFileSync(process.execPath, [join(root, "scripts/check-release.js"), tag], { cwd: folder, stdio: "pipe" });
      return "";
    } catch (error) {
      return (error as { stderr: Buffer }).stderr.toString();
    }
  };

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("a tag of another version, or one without a section in CHANGELOG.md, is no release", () => {
    writeFileSync(join(folder, "CHANGELOG.md"), "# One\n\n## 0.1.0\n");
    expect(check("v0.1.0")).toMatch(/The tag is v0\.1\.0, and package\.json says 0\.2\.0[^]*no section of 0\.2\.0/);

    writeFileSync(join(folder, "CHANGELOG.md"), "# One\n\n## 0.2.0\n");
    expect(check("v0.2.0")).toBe("");
  });

  test("npm run hooks turns the pre-commit hook on, which is off before", () => {
    const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, encoding: "utf8" }).trim();
    git("init", "-q");
    expect(git("config", "--local", "--default", "none", "core.hooksPath")).toBe("none");
    const [command = "", ...args] = scripts.hooks!.split(" ");
    execFileSync(command, args, { cwd: folder });
    expect(git("config", "--local", "--default", "none", "core.hooksPath")).toBe(".githooks");
  });
});
