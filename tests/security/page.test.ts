import { createServer } from "node:http";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumArgs, ensureChromium } from "../../scripts/lib/servers/chromium.js";
import { listen, type Listening } from "../lanes/servers/listen.js";
import { APPROVAL, dynamodb, s3, startAgent, stateOf, stopAgent, url, waitingRefund } from "./started-agent.js";

/* Somebody runs `npm start`, has a refund waiting for approval, and opens a page of a stranger beside it. */

/** A name of the stranger's that leads to this machine. */
const REBOUND = "stranger.test";

beforeAll(startAgent, 120_000);

afterAll(stopAgent);

describe("the page of a stranger", () => {
  let browser: Browser;
  let stranger: Listening;
  let page: Page;

  beforeAll(async () => {
    stranger = await listen(
      createServer((_, answer) =>
        answer.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Cats</title>"),
      ),
    );
    browser = await chromium.launch({
      executablePath: await ensureChromium(),
      args: [...chromiumArgs, `--host-resolver-rules=MAP ${REBOUND} 127.0.0.1`],
    });
    page = await browser.newPage();
    await page.goto(stranger.url);
  });

  afterAll(async () => {
    await browser.close();
    await stranger.stop();
  });

  /** What a page learns of what it asks for. */
  const ask = (from: Page, to: string, init: RequestInit = {}): Promise<string> =>
    from.evaluate(
      async ([to, init]) =>
        fetch(to, init).then(
          async (answer) => `${answer.status} ${answer.type} ${await answer.text()}`,
          () => "refused",
        ),
      [to, init] as const,
    );

  test("cannot approve a refund, by any request that needs no leave", async () => {
    const thread = await waitingRefund();
    const body = JSON.stringify(APPROVAL);

    for (const contentType of ["text/plain", "application/x-www-form-urlencoded"]) {
      expect(
        await ask(page, `${url}${thread}/runs/wait`, {
          method: "POST",
          mode: "no-cors",
          body,
          headers: { "content-type": contentType },
        }),
      ).toBe("refused");
    }
    expect(
      await ask(page, `${url}${thread}/runs/wait`, {
        method: "POST",
        body,
        headers: { "content-type": "application/json" },
      }),
    ).toBe("refused");
    const [popup] = await Promise.all([
      page.waitForEvent("popup"),
      page.evaluate((action) => {
        const form = Object.assign(document.createElement("form"), {
          method: "post",
          enctype: "text/plain",
          target: "_blank",
          action,
        });
        form.append(
          Object.assign(document.createElement("input"), {
            name: '{"assistant_id":"agent","command":{"resume":{"approve":true,"reason":"',
            value: '"}}}',
          }),
        );
        document.body.append(form);
        form.submit();
      }, `${url}${thread}/runs/wait`),
    ]);
    await popup.getByText("the page of another site").waitFor();

    expect(await stateOf(thread)).toMatchObject({ next: ["approval"], values: { refunds: [] } });
  });

  test("reads no thread, and shows the page in no frame of its own", async () => {
    expect(await ask(page, `${url}/threads/mine`)).toBe("refused");
    expect(await ask(page, `${url}/threads/mine`, { headers: { authorization: "Bearer guessed" } })).toBe("refused");
    const [answer] = await Promise.all([
      page.waitForResponse(`${url}/page/`),
      page.evaluate(
        (src) => document.body.append(Object.assign(document.createElement("iframe"), { src })),
        `${url}/page/`,
      ),
    ]);
    expect(answer.status()).toBe(403);
  });

  test("neither reads nor writes in the embedded DynamoDB and S3", async () => {
    const call = {
      method: "POST",
      headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.ListTables" },
      body: "{}",
    };
    expect((await fetch(dynamodb, call)).headers.get("x-amzn-requestid")).toBeTruthy(); // it is there
    expect(await ask(page, dynamodb, call)).toBe("refused");
    expect(await ask(page, `${s3}/langgraph-checkpoints?list-type=2`)).toBe("refused");
    expect(
      (await fetch(`${s3}/langgraph-checkpoints`, { method: "POST", headers: { origin: stranger.url } })).status,
    ).toBe(403);
    expect((await fetch(dynamodb, { ...call, headers: { ...call.headers, origin: "null" } })).status).toBe(403);
  });

  test("gets nothing by a name of its own that suddenly leads here", async () => {
    const { port } = new URL(url);
    const rebound = await browser.newPage();
    expect((await rebound.goto(`http://${REBOUND}:${port}/page/`))?.status()).toBe(421);
    expect(await ask(rebound, "/threads/mine")).toMatch(/^421 basic .*ALLOWED_HOSTS/);
    for (const server of [dynamodb, s3]) {
      const away = await browser.newPage();
      expect((await away.goto(`http://${REBOUND}:${new URL(server).port}/`))?.status()).toBe(403);
    }
  });

  test(
    "is not asked by a link to the agent's own page, which everybody may follow, and which has " + "a policy",
    async () => {
      const [popup] = await Promise.all([
        page.waitForEvent("popup"),
        page.evaluate((to) => void open(to), `${url}/page/`),
      ]);
      await popup.getByRole("heading", { name: "Who are you?" }).waitFor();

      const answer = await fetch(`${url}/page/`);
      expect(answer.headers.get("content-security-policy")).toMatch(
        /default-src 'none'; script-src 'self';.* connect-src 'self';.* frame-ancestors 'none'$/,
      );
      expect(answer.headers.get("content-security-policy")).not.toContain("unsafe");
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
      });
    },
  );
});
