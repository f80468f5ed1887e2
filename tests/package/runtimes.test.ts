import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { transform } from "esbuild";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { chromiumArgs, ensureChromium } from "../../scripts/lib/servers/chromium.js";
import { executableOf } from "../../scripts/lib/testing/runtimes.js";
import { credentials, endpoint, tableName } from "../lanes/savers/harness.js";
import { bundleByWrangler, denoFlags, requestOnce, writeSection } from "./documented.js";
import { installPackage, root, run, tool, type Installed } from "./installed.js";

/*
 * The front door of every runtime: the packed file in an empty project, beside today's LangGraph, with the programs of
 * docs/runtimes.md.
 */

let installed: Installed;

const project = (name: string): string => join(installed.folder, name);

const env = (): Record<string, string> => ({
  DYNAMODB_TABLE_NAME: tableName(),
  AWS_ENDPOINT_URL_DYNAMODB: endpoint(),
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: credentials().accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials().secretAccessKey,
});

const onOwnTable = (text: string): string => text.replaceAll('"langgraph-checkpoints"', JSON.stringify(tableName()));

/** A page has no environment: what is there in a Worker's `env` goes into its options. */
const asPage = (text: string): string =>
  onOwnTable(text).replace(
    /^ {2}credentials: .*,$/m,
    `endpoint: ${JSON.stringify(endpoint())}, credentials: async () => ` +
      `(${JSON.stringify({ ...credentials(), sessionToken: "local" })}),`,
  );

beforeAll(async () => {
  installed = await installPackage();
  await writeSection("Node, Deno and Bun", project("approval"), onOwnTable);
  await writeSection("A Worker with a flag", project("worker-flag"), onOwnTable);
  await writeSection("A Worker without a flag", project("worker-plain"), onOwnTable);
  await writeSection("A page", project("page"), asPage);
}, 120_000);

afterAll(() => installed?.remove());

const asks = (question: string) =>
  expect.objectContaining({ __interrupt__: [expect.objectContaining({ value: question })] }) as unknown;
const TRANSFER = [asks("Send 250 euros?"), { amount: 250, status: "sent" }];

/** What a program prints that asks, and what another process of it prints that answers. */
async function askAndAnswer(folder: string, program: string, ...args: string[]): Promise<unknown[]> {
  const thread = `${program}-${crypto.randomUUID()}`;
  const printed = async (...more: string[]): Promise<unknown> =>
    JSON.parse(
      await run(folder, program, [...args, thread, ...more], {
        ...env(),
        DENO_DIR: project("deno-dir"),
        DENO_NO_UPDATE_CHECK: "1",
      }),
    );
  return [await printed(), await printed("yes")];
}

test("the documented programs compile strictly against the packed types", async () => {
  await writeFile(
    project("tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        target: "es2022",
        module: "esnext",
        moduleResolution: "bundler",
        lib: ["ES2023", "DOM"],
        strict: true,
        noUncheckedIndexedAccess: true,
        skipLibCheck: true,
        noEmit: true,
        typeRoots: [tool("@types")],
        types: ["node"],
      },
      include: ["approval/*.mts", "worker-flag/*.ts", "worker-plain/*.ts", "page/*.ts"],
    }),
  );
  await run(installed.folder, process.execPath, [tool("typescript/bin/tsc"), "-p", "tsconfig.json"]);
});

describe("a graph asks, and another process answers", () => {
  test("in this Node, as ESM and as CommonJS", async () => {
    const { code } = await transform(await readFile(project("approval/approval.mts"), "utf8"), { loader: "ts" });
    await writeFile(project("approval/approval.js"), code);

    const both = [
      askAndAnswer(project("approval"), process.execPath, "approval.js"),
      askAndAnswer(project("commonjs"), process.execPath, "approval.js"),
    ];
    expect(await Promise.all(both)).toEqual([TRANSFER, TRANSFER]);
  });

  test("in Node 26, which runs the TypeScript as it is, and in CommonJS there", async () => {
    const node = executableOf("node26");

    const both = [
      askAndAnswer(project("approval"), node, "approval.mts"),
      askAndAnswer(project("commonjs"), node, "approval.js"),
    ];
    expect(await Promise.all(both)).toEqual([TRANSFER, TRANSFER]);
  });

  test("in Bun", async () => {
    expect(await askAndAnswer(project("approval"), executableOf("bun"), "approval.mts")).toEqual(TRANSFER);
  });

  test("in Deno, with exactly the flags that docs/runtimes.md states", async () => {
    const flags = denoFlags(await readFile(join(root, "docs/runtimes.md"), "utf8"), "approval.mts");

    expect(await askAndAnswer(project("approval"), executableOf("deno"), "run", ...flags, "approval.mts")).toEqual(
      TRANSFER,
    );
  });
});

test("the saver and the reader alone run in Deno with the fewer flags that the page states for them", async () => {
  const [, flags = ""] =
    /The saver alone, without LangGraph, needs less: `deno run ([^`]+) main\.ts`\. So does the reader/.exec(
      await readFile(join(root, "docs/runtimes.md"), "utf8"),
    ) ?? [];
  expect(flags).toContain("--allow-env=");
  const read = (name: string, entry: string): string =>
    `import { ${name} } from "${entry}"; console.log(await new ${name}({ tableName: ` +
    `${JSON.stringify(tableName())} }).getTuple({ configurable: { thread_id: "none" } }));`;
  await mkdir(project("approval"), { recursive: true });
  await writeFile(project("approval/saver.ts"), read("DynamoDBSaver", "langgraph-checkpoint-dynamodb"));
  await writeFile(project("approval/reader.ts"), read("DynamoDBReader", "langgraph-checkpoint-dynamodb/reader"));

  const printed = ["saver.ts", "reader.ts"].map((file) =>
    run(project("approval"), executableOf("deno"), ["run", ...flags.split(" "), file], {
      ...env(),
      DENO_DIR: project("deno-dir"),
    }),
  );
  expect(await Promise.all(printed)).toEqual(["undefined\n", "undefined\n"]);
});

describe("a Worker that wrangler bundled asks, and answers in another isolate", () => {
  test("with a flag, with LangChain's own import, behind an await", async () => {
    const folder = project("worker-flag");
    const script = await bundleByWrangler(folder);
    const request = (path: string) => requestOnce(folder, script, env(), path);

    expect(await request("/with-a-flag?amount=250")).toEqual(TRANSFER[0]);
    expect(await request("/with-a-flag?answer=yes")).toEqual(TRANSFER[1]);
    expect(gzipSync(script, { level: 9 }).length).toBeLessThanOrEqual(WORKER_BYTES);
  });

  test("with nodejs_compat in that flag's place", async () => {
    const folder = project("worker-flag");
    const toml = join(folder, "wrangler.toml");
    await writeFile(toml, (await readFile(toml, "utf8")).replace('["nodejs_als"]', '["nodejs_compat"]'));
    const script = await bundleByWrangler(folder);
    const request = (path: string) => requestOnce(folder, script, env(), path);

    expect(await request("/with-compat?amount=250")).toEqual(TRANSFER[0]);
    expect(await request("/with-compat?answer=yes")).toEqual(TRANSFER[1]);
  });

  test("without a flag, with provideContext(), and behind an await with runInContext()", async () => {
    const folder = project("worker-plain");
    const script = await bundleByWrangler(folder);
    const request = (path: string) => requestOnce(folder, script, env(), path);

    expect(await request("/without-a-flag?amount=250")).toEqual(asks("Send 250 euros?"));
    expect(await request("/without-a-flag?answer=yes")).toEqual(asks("Which code was sent to you?"));
    expect(await request("/without-a-flag?answer=1234")).toEqual({ amount: 250, status: "approved", code: "1234" });
    expect(gzipSync(script, { level: 9 }).length).toBeLessThanOrEqual(WORKER_BYTES);
  });
});

/** LangGraph with the saver, as wrangler minifies it. */
const WORKER_BYTES = 452_700;

describe("a page that Vite built", () => {
  let browser: Browser;

  beforeAll(async () => {
    // What a test answers in a server's place is not of this machine, from which Chromium then keeps it away.
    const args = [...chromiumArgs, "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests"];
    browser = await chromium.launch({ executablePath: await ensureChromium(), args });
    await run(project("page"), process.execPath, [
      tool("vite/bin/vite.js"),
      "build",
      "--target=es2022",
      "--logLevel=error",
    ]);
  }, 120_000);

  afterAll(() => browser?.close());

  const says = (page: Page, text: string): Promise<void> =>
    page.getByRole("status").filter({ hasText: text }).waitFor();

  test("asks, and goes on with the answer after it was loaded again", async () => {
    // DynamoDB Local allows this origin; what is there comes from the folder that Vite wrote.
    const { pageOrigin } = inject("s3");
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.error(error)); // The reason, where the page then waits in vain.
    await page.route(`${pageOrigin}/**`, (route) => {
      const { pathname } = new URL(route.request().url());
      return route.fulfill({ path: join(project("page/dist"), pathname === "/" ? "index.html" : pathname) });
    });

    await page.goto(pageOrigin);
    await says(page, "Nothing was sent yet.");
    await page.getByRole("button", { name: "Send 250 euros" }).click();
    await says(page, "Send 250 euros?");

    await page.reload();
    await says(page, "Send 250 euros?");
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("status").getByText("sent", { exact: true }).waitFor();
  });
});
