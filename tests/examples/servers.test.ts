import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { noiseText } from "../lanes/savers/checkpoints.js";
import { checkpointsOf, data, running, serving, threadsOf, valuesOf } from "./run.js";

/** The examples, run by the command that their comments give, and what they left in their table. */

afterEach(() => {
  for (const child of running) child.kill();
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

const post = (url: string, body: unknown) =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

test("the Bun server streams, and a second one knows the threads of the first", async () => {
  await serving("bun", async (url) => {
    const response = await fetch(`${url}/threads/ada/messages`, { method: "POST", body: "Hi, I am Ada." });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const tokens = [...(await response.text()).matchAll(/^data: (.*)$/gm)].map(
      ([, json]) => (JSON.parse(json!) as { token: string }).token,
    );
    expect(tokens.join(" ")).toBe("That was message 1; the first was: Hi, I am Ada.");
  });
  await serving("bun", async (url) => {
    await (await fetch(`${url}/threads/ada/messages`, { method: "POST", body: "And now?" })).text();
    expect(await (await fetch(`${url}/threads/ada`)).json()).toHaveLength(4);
    expect(await (await fetch(`${url}/threads`)).json()).toMatchObject([{ threadId: "ada" }]);
    expect((await fetch(`${url}/threads/nobody`)).status).toBe(404);
  });
  expect(valuesOf((await checkpointsOf("bun", "ada"))[0]!).messages).toHaveLength(4);

  await serving("bun", (url) => fetch(`${url}/threads/ada`, { method: "DELETE" }));
  expect(await threadsOf("bun")).toEqual([]);
});

test("the Worker keeps a large document in R2 and not in the table, once", async () => {
  const objects = () =>
    readdirSync(join(data, "worker-r2/s3"), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith("_object"),
    );
  const text = `${noiseText(1_000_000)} needle`;
  await serving("worker-r2", async (url) => {
    const put = await fetch(`${url}/documents/large`, { method: "PUT", body: text });
    expect(await put.json()).toEqual({ characters: text.length });
    expect(await (await fetch(`${url}/documents/large/count?word=needle`)).json()).toEqual({ count: 1 });
    expect((await (await fetch(`${url}/documents/large`)).text()) === text).toBe(true);
    expect((await fetch(`${url}/documents/none`)).status).toBe(404);
  });
  expect(objects()).toHaveLength(1); // two checkpoints, and one document
  await expect(checkpointsOf("worker-r2", "large")).rejects.toMatchObject({
    code: "INVALID_CONFIG",
    message: expect.stringContaining("lies in S3"),
  });

  await serving("worker-r2", (url) => fetch(`${url}/documents/large`, { method: "DELETE" }));
  expect(objects()).toEqual([]);
});

test(
  "the Express API makes small orders at once, and large ones when they are approved, also after " + "a restart",
  async () => {
    await serving("express", async (url) => {
      expect(await (await post(`${url}/orders/small`, { item: "beans", price: 12 })).json()).toMatchObject({
        status: "bought",
        next: [],
      });
      expect(await (await post(`${url}/orders/large`, { item: "machine", price: 900 })).json()).toMatchObject({
        status: "new",
        question: "Buy machine for 900?",
      });
      await post(`${url}/orders/huge`, { item: "roastery", price: 90_000 });
      expect((await post(`${url}/orders/small`, { item: "beans", price: 12 })).status).toBe(409);
      expect((await post(`${url}/orders/odd`, { item: "beans" })).status).toBe(400);
      expect((await post(`${url}/orders/small/approval`, { approved: true })).status).toBe(409);
    });
    await serving("express", async (url) => {
      expect(await (await post(`${url}/orders/large/approval`, { approved: true })).json()).toMatchObject({
        status: "bought",
      });
      expect(await (await post(`${url}/orders/huge/approval`, { approved: false })).json()).toMatchObject({
        status: "rejected",
        next: [],
      });
      const history = (await (await fetch(`${url}/orders/large/history`)).json()) as { status: string }[];
      expect(history.map(({ status }) => status).slice(0, 3)).toEqual(["bought", "approved", "new"]);
      expect((await fetch(`${url}/orders/nothing`)).status).toBe(404);
      expect((await fetch(`${url}/orders/small`, { method: "DELETE" })).status).toBe(204);
      expect(await (await fetch(`${url}/orders`)).json()).toMatchObject([{ id: "huge" }, { id: "large" }]);
    });
    expect(await threadsOf("express")).toEqual(["huge", "large"]);
    expect(valuesOf((await checkpointsOf("express", "large"))[0]!)).toMatchObject({
      item: "machine",
      status: "bought",
    });
  },
);
