import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { claimPort } from "../../scripts/lib/servers/ports.js";

/** `npm start`, as somebody meets it who has just cloned the project. */

const script = fileURLToPath(new URL("../../scripts/start.js", import.meta.url));
const children = new Set<ChildProcess>();
let data: string;
let ports: { worker: number; options: string[] };

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), "start-"));
  const [worker, dynamodb, s3] = [
    await claimPort(0, "the Worker"),
    await claimPort(0, "DynamoDB"),
    await claimPort(0, "S3"),
  ];
  ports = { worker, options: ["--port", String(worker), "--dynamodb-port", String(dynamodb), "--s3-port", String(s3)] };
});

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await rm(data, { recursive: true, force: true });
});

/** Runs it until it ends; `onOutput` gets all that it has printed so far. */
async function start(
  options: string[],
  onOutput: (output: string, child: ChildProcess) => void = () => {},
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [script, ...options], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  children.add(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      onOutput(output, child);
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  children.delete(child);
  return { code, output };
}

const tokenIn = (printed: string): string | undefined => /\/page\/#token=(\S+)/.exec(printed)?.[1];

describe("npm start", () => {
  let demonstration: { code: number | null; output: string };
  const served: Promise<[info: unknown, page: string]>[] = [];

  beforeAll(async () => {
    const url = `http://127.0.0.1:${ports.worker}`;
    demonstration = await start([...ports.options, "--data", data], (printed, child) => {
      if (served.length > 0 || !printed.includes("Ctrl-C ends it")) return;
      const visit = Promise.all([
        fetch(`${url}/info`, { headers: { authorization: `Bearer ${tokenIn(printed)}` } }).then((answer) =>
          answer.json(),
        ),
        fetch(`${url}/page/`).then((answer) => answer.text()),
      ]);
      served.push(visit);
      void visit.finally(() => child.kill("SIGINT")).catch(() => {}); // a test awaits it, too
    });
  }, 120_000);

  it("plays its demonstration, and ends at Ctrl-C", async () => {
    const { code, output } = demonstration;
    expect(code, output).toBe(0);
    expect(output).toContain("Done: €129.90 for order 1042 are on their way back.");
    expect(output).toContain("I have not refunded it: a colleague declined (the shoes were worn).");
    expect(output).toContain("I know this: I wear size 43.");
    await expect(fetch(`http://127.0.0.1:${ports.worker}`)).rejects.toThrow("fetch failed");
  });

  it("serves the agent and its page", async () => {
    await expect(served[0]).resolves.toEqual([
      expect.objectContaining({ version: expect.any(String) }),
      expect.stringContaining("<title>Threads in DynamoDB"),
    ]);
  });

  it("shows the large document in S3 and the messages in the table", () => {
    const { output } = demonstration;
    const row = (name: string) =>
      /([\d,]+) +([\d,]+) +([\d,]+) +([\d,]+)/
        .exec(output.split("\n").find((line) => line.trim().startsWith(name)) ?? "")
        ?.slice(1);
    const hundreds = expect.stringMatching(/^\d{3}$/) as string;
    // Bytes, in its item, segments, S3
    expect(row("document ")).toEqual(["1,837,634", "64", "0", expect.stringMatching(/^\d{3},\d{3}$/)]);
    expect(row("messages ")).toEqual([expect.stringMatching(/^1,\d{3}$/), "64", hundreds, "0"]);
    expect(output).toMatch(/items \d+ → 0, objects 1 → 0/);
  });

  it("says which command chooses another port when one is taken", async () => {
    const server = createServer().listen(ports.worker, "127.0.0.1");
    await once(server, "listening");
    const { code, output } = await start([...ports.options, "--data", data]);
    server.close();
    expect(code).toBe(1);
    expect(output).toBe(
      `npm start failed: Port ${ports.worker} for the Worker is taken. Choose another with npm start -- --port N.\n`,
    );
  });

  it("says how to list the options when it gets one that it does not know", async () => {
    const { code, output } = await start(["--prot", "9000"]);
    expect(code).toBe(1);
    expect(output).toBe(`npm start failed: Unknown option '--prot'. "npm start -- --help" lists the options.\n`);
    expect(await start(["--help"])).toEqual({ code: 0, output: expect.stringContaining("--dynamodb-port N") });
  });
});
