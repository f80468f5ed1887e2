import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGzip, gzipSync } from "node:zlib";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cliEnvironment, program } from "../../scripts/lib/docs/cli-terminal.js";
import { place, run, saverAt } from "../cli/run.js";
import { collect, emptyThread, noise, putStep } from "../lanes/savers/checkpoints.js";
import { itemsWithPrefix } from "../lanes/stored/raw-table.js";

/*
 * A stranger hands over a file that is to be imported: small as it comes, and far larger than memory once it is
 * unpacked.
 */

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
  const measure =
    `import { writeFileSync } from "node:fs"; process.on("exit", () => writeFileSync(process.env.PEAK, ` +
    "String(process.resourceUsage().maxRSS * 1024)));";
  const env = { ...cliEnvironment(place().env), PEAK: peak };
  const child = spawn(
    process.execPath,
    ["--import", `data:text/javascript,${encodeURIComponent(measure)}`, program, "import", file],
    { env, stdio: ["ignore", "ignore", "pipe"] },
  );
  const [stderr] = await Promise.all([buffer(child.stderr), once(child, "close")]);
  return { error: stderr.toString(), peakBytes: Number(await readFile(peak, "utf8")) };
}

/** So many times the same, packed, without ever being here as a whole. */
const packed = (start: string, repeated: string, mebibytes: number): Promise<Buffer> =>
  buffer(
    Readable.from([start, ...Array<string>(mebibytes).fill(repeated.repeat(MEBIBYTE / repeated.length))]).pipe(
      createGzip(),
    ),
  );

test(
  "a line that no export has is refused by its number before it is in memory, and so is a flood of blank ones",
  { timeout: 120_000 },
  async () => {
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
  },
);

test("a file that is not text is refused", async () => {
  expect((await importFile(gzipSync(Uint8Array.of(0x7b, 0xff, 0x7d)))).error).toMatch(
    /^error: Line 1 is not UTF-8.* \[INVALID_INPUT\]\n$/,
  );
});

describe("a file with a state of a stranger's making", () => {
  const key = noise(32, 51);

  /** Imports into a place that has a key, and says what came of it and what is in the table then. */
  async function imported(
    lines: string[],
    ...more: string[]
  ): Promise<{ code: number | null; stderr: string; left: number }> {
    const where = place();
    const env = { ...where.env, CHECKPOINT_ENCRYPTION_KEY: Buffer.from(key).toString("base64") };
    const { code, stderr } = await run({ env }, ["import", ...more], { input: lines.join("\n") });
    return { code, stderr, left: (await itemsWithPrefix(where.options.keyPrefix!)).length };
  }

  async function exportOf(encryption?: { key: Uint8Array }): Promise<{ lines: string[]; keyPrefix: string }> {
    const where = place();
    const saver = saverAt(where, encryption && { encryption });
    await putStep(saver, emptyThread("t"), { approved: true });
    return { lines: await collect(saver.exportThread("t")), keyPrefix: where.options.keyPrefix! };
  }

  test("is refused where values are encrypted, and nothing of it is left", async () => {
    const { lines, keyPrefix } = await exportOf();

    expect(await imported(lines, "--from-key-prefix", keyPrefix)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("PLAINTEXT_REFUSED"),
      left: 0,
    });
  });

  test("is refused where it was encrypted with a key of the stranger's", async () => {
    const { lines, keyPrefix } = await exportOf({ key: noise(32, 52) });

    expect(await imported(lines, "--from-key-prefix", keyPrefix)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("DECRYPTION_FAILED"),
      left: 0,
    });
  });

  test("is refused where it was copied out of another tenant's partition", async () => {
    const { lines } = await exportOf({ key });

    expect(await imported(lines)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/another keyPrefix.*\[INVALID_INPUT\]/),
      left: 0,
    });
  });
});
