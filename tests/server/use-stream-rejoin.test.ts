import { Client } from "@langchain/langgraph-sdk";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { chatPage, say, texts } from "../lanes/server/chat-page.js";
import { hosts, type Host } from "../lanes/server/hosts.js";

/* What a page with `useStream` sees of a run that goes on without it, and of what another page does. */

describe.each(hosts)("in %s", (_name, start) => {
  let host: Host;
  let client: Client;

  beforeAll(async () => {
    host = await start();
    client = new Client({ apiUrl: host.url, apiKey: null });
  });
  afterAll(() => host.close());

  /** A page that counts in a thread, and the numbers that it has heard. */
  async function counter(threadId: string) {
    const numbers: number[] = [];
    let heard: (() => void) | undefined;
    const page = await chatPage(host.url, {
      threadId,
      assistantId: "count",
      reconnectOnMount: true,
      onCustomEvent: (data) => {
        numbers.push((data as { number: number }).number);
        heard?.();
      },
    });
    const until = async (number: number): Promise<void> => {
      while (numbers.at(-1) !== number) await new Promise<void>((resolve) => (heard = resolve));
    };
    return { page, numbers, until };
  }

  const newThread = async (): Promise<string> => (await client.threads.create()).thread_id;

  test("a page whose connection is cut joins again: nothing is missing, nothing comes twice", async () => {
    const { page, numbers, until } = await counter(await newThread());
    const run = page.now.submit({ upTo: 6 });
    await until(2);
    host.cut();
    await host.gate.arrival();
    host.gate.open();
    await run;
    await page.until(({ isLoading }) => !isLoading);
    expect(numbers).toEqual([0, 1, 2, 3, 4, 5]);
    expect(page.now.error).toBeUndefined();
    page.unmount();
  });

  test("a page that is loaded again joins the run that the first one began, from its beginning", async () => {
    const thread = await newThread();
    const first = await counter(thread);
    void first.page.now.submit({ upTo: 6 });
    await first.until(2);
    first.page.unmount();
    host.cut();

    const second = await counter(thread);
    await second.until(2);
    await host.gate.arrival();
    host.gate.open();
    await second.until(5);
    await second.page.until(({ isLoading, values }) => !isLoading && "log" in values);
    expect(second.numbers).toEqual([0, 1, 2, 3, 4, 5]);
    expect(second.page.now.values).toMatchObject({ log: ["counted"] });
    second.page.unmount();
  });

  test("a page joins a run in the background", async () => {
    const thread = await newThread();
    const { run_id } = await client.runs.create(thread, "count", {
      input: { upTo: 4 },
      streamMode: ["custom", "values"],
      streamResumable: true,
    });
    const { page, numbers, until } = await counter(thread);
    const joined = page.now.joinStream(run_id);
    await until(1);
    await host.gate.arrival();
    host.gate.open();
    await joined;
    expect(numbers).toEqual([0, 1, 2, 3]);
    page.unmount();
  });

  test("a second page of a thread sees what the first has done", async () => {
    const threadId = await newThread();
    const first = await chatPage(host.url, { threadId });
    await first.now.submit(say("one"));
    const second = await chatPage(host.url, { threadId });
    await second.until(({ messages }) => messages.length === 2);
    await second.now.submit(say("two"));
    await second.until(({ isLoading }) => !isLoading);
    await first.now.submit(say("three"));
    const { messages } = await first.until(({ isLoading }) => !isLoading);
    expect(texts(messages)).toEqual(["one", "You said one.", "two", "You said two.", "three", "You said three."]);
    first.unmount();
    second.unmount();
  });

  test("of two pages that submit, one is refused, or waits, or takes the other's place, as it says", async () => {
    const threadId = await newThread();
    const first = await chatPage(host.url, { threadId });
    const second = await chatPage(host.url, { threadId });
    const waits = first.now.submit(say("Wait here"));
    await host.gate.arrival();
    const printed = vi.spyOn(console, "error").mockReturnValue(undefined);
    await second.now.submit(say("refused"));
    printed.mockRestore();
    await second.until(({ error }) => /422.*busy with another run/.test(String(error)));

    const enqueued = second.now.submit(say("after"), { multitaskStrategy: "enqueue" });
    const waiting = async () => (await client.runs.list(threadId)).some(({ status }) => status === "pending");
    while (!(await waiting())) await new Promise((resolve) => setTimeout(resolve, 50));
    host.gate.open();
    await Promise.all([waits, enqueued]);
    const inOrder = ["Wait here", "You said Wait here.", "after", "You said after."];
    expect(texts((await second.until(({ isLoading }) => !isLoading)).messages)).toEqual(inOrder);
    expect(second.now.error).toBeUndefined();

    const replaced = first.now.submit(say("Wait again"));
    await host.gate.arrival();
    await second.now.submit(say("instead"), { multitaskStrategy: "interrupt" });
    await replaced;
    host.gate.open();
    await first.until(({ isLoading }) => !isLoading);
    const { messages } = await second.until(({ isLoading }) => !isLoading);
    expect(texts(messages)).toEqual([...inOrder, "Wait again", "instead", "You said instead."]);
    expect((await client.threads.get(threadId)).status).toBe("idle");
    first.unmount();
    second.unmount();
  });
});
