import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Place } from "../run.js";

export interface State {
  thread: string;
  checkpoint: string;
  values: Record<string, unknown>;
}

/** An editor, and what it has seen. */
export interface Editor {
  /** For the program. */
  env: Record<string, string>;
  /** A folder that goes when the test ends, with all that was left in it. */
  folder: string;
  seen: () => Promise<{ file: string; state: State; mode: number }>;
  hasSeen: string;
}

/** An editor that does to the state what JavaScript says. */
export async function withEditor({ env }: Place, change: string): Promise<Editor> {
  const folder = mkdtempSync(join(tmpdir(), "cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const hasSeen = join(folder, "seen.json");
  const script = join(folder, "editor.cjs");
  await writeFile(
    script,
    `const fs = require("node:fs"); const file = process.argv[2];
const state = JSON.parse(fs.readFileSync(file, "utf8"));
fs.writeFileSync(${JSON.stringify(hasSeen)}, JSON.stringify({ file, state, mode: fs.statSync(file).mode & 0o777 }));
${change}; fs.writeFileSync(file, JSON.stringify(state));`,
  );
  return {
    env: { ...env, TMPDIR: folder, EDITOR: `${process.execPath} ${script}` },
    folder,
    hasSeen,
    seen: async () => JSON.parse(await readFile(hasSeen, "utf8")) as Awaited<ReturnType<Editor["seen"]>>,
  };
}
