import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGzip, gzipSync } from "node:zlib";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cliEnvironment, program } from "../../scripts/lib/cli-terminal.js";
import { place } from "../cli/run.js";

/* A stranger hands over a file that is to be imported: small as it comes, and far larger than memory once it is unpacked. */

const MEBIBYTE = 1_048_576;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "import-file-"));
});

afterAll(() => rm(folder, { recursive: true }));

/** Imports a file in a process of its own, and says what is the most memory that it has had. */
async function importFile(bytes: Uint8Array): Promise<{ error: string; peakBytes: number }> {
  const file = join(folder, `${crypto.randomUUID()}.jsonl.gz`);
  const peak = `${file}.peak`;
  await writeFile(file, bytes);
  const measure = `import { writeFileSync } from "node:fs"; process.on("exit", () => writeFileSync(process.env.PEAK, String(process.resourceUsage().maxRSS * 1024)));`;
  const env = { ...cliEnvironment(place().env), PEAK: peak };
  const child = spawn(process.execPath, ["--import", `data:text/javascript,${encodeURIComponent(measure)}`, program, "import", file], { env, stdio: ["ignore", "ignore", "pipe"] });
  const [stderr] = await Promise.all([buffer(child.stderr), once(child, "close")]);
  return { error: stderr.toString(), peakBytes: Number(await readFile(peak, "utf8")) };
}

/** So many times the same, packed, without ever being here as a whole. */
const packed = (start: string, repeated: string, mebibytes: number): Promise<Buffer> =>
  buffer(Readable.from([start, ...Array<string>(mebibytes).fill(repeated.repeat(MEBIBYTE / repeated.length))]).pipe(createGzip()));

test("a line that no export has is refused by its number before it is in memory, and so is a flood of blank ones", { timeout: 120_000 }, async () => {
  const { error, peakBytes: usual } = await importFile(gzipSync("hello"));
  expect(error).toMatch(/^error: Line 1 is not JSON/);

  const bombs: [bomb: Buffer, refusal: RegExp][] = [
    [await packed("", "x", 256), /^error: Line 1 is longer than 8388608 bytes.* \[INVALID_INPUT\]\n$/],
    [await packed("\n\n", `"`, 256), /^error: Line 3 is longer than 8388608 bytes.* \[INVALID_INPUT\]\n$/],
    [await packed("", "\n", 256), /^error: Line \d+ is longer than 8388608 bytes.* \[INVALID_INPUT\]\n$/],
    [await packed("", " \n", 256), /^error: Line \d+ is longer than 8388608 bytes.* \[INVALID_INPUT\]\n$/],
  ];
  for (const [bomb, refusal] of bombs) {
    expect(bomb.length).toBeLessThan(2 * MEBIBYTE);
    const { error, peakBytes } = await importFile(bomb);
    expect(error).toMatch(refusal);
    expect((peakBytes - usual) / MEBIBYTE).toBeLessThan(128);
  }
});

test("a file that is not text is refused", async () => {
  expect((await importFile(gzipSync(Uint8Array.of(0x7b, 0xff, 0x7d)))).error).toMatch(/^error: Line 1 is not UTF-8.* \[INVALID_INPUT\]\n$/);
});
