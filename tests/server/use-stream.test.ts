import { Client } from "@langchain/langgraph-sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chatPage, say, texts, type ChatPage } from "../lanes/server/chat-page.js";
import { hosts, type Host } from "../lanes/server/hosts.js";

/* `useStream` of the published SDK, as it is, in a page. */

describe.each(hosts)("in %s", (_name, start) => {
  let host: Host;
  let client: Client;

  beforeAll(async () => {
    host = await start();
    client = new Client({ apiUrl: host.url, apiKey: null });
  });
  afterAll(() => host.close());

  /** A page's thread when no run has it any more. */
  async function idle(threadId: string): Promise<void> {
    while ((await client.threads.get(threadId)).status === "busy")
      await new Promise((resolve) => setTimeout(resolve, 50));
  }

  async function told(page: ChatPage, content: string, options = {}): Promise<unknown[]> {
    await page.now.submit(say(content), options);
    return texts((await page.until(({ isLoading }) => !isLoading)).messages);
  }

  test("tokens of an answer come one by one, and are the message in the end", async () => {
    const page = await chatPage(host.url);
    const seen = new Set<unknown>();
    const watching = page.until(({ messages, isLoading }) => {
      if (messages.length === 2) seen.add(messages[1]!.content);
      return !isLoading && messages.length === 2;
    });
    const submitted = page.now.submit(say("Wait or not"));
    await page.until(({ messages }) => messages[1]?.content === "You");
    await host.gate.arrival();
    host.gate.open();
    await submitted;
    expect(texts((await watching).messages)).toEqual(["Wait or not", "You said Wait or not."]);
    expect([...seen]).toContain("You");
    expect(page.now.error).toBeUndefined();
    page.unmount();
  });

  test("a page that listens to tools hears of each call", async () => {
    const heard: unknown[] = [];
    const page = await chatPage(host.url, { onToolEvent: ({ event, name }) => void heard.push([event, name]) });
    await told(page, "weather in Paris");
    expect(heard).toEqual([
      ["on_tool_start", "weather"],
      ["on_tool_end", "weather"],
    ]);
    expect(page.now.error).toBeUndefined();
    page.unmount();
  });

  test("an interrupt is shown and answered", async () => {
    const page = await chatPage(host.url);
    await page.now.submit(say("order tea"));
    const asked = await page.until(({ interrupt, isLoading }) => !isLoading && interrupt !== undefined);
    expect(asked.interrupt).toMatchObject({ value: "Order tea?" });
    await page.now.submit(undefined, { command: { resume: "yes" } });
    const { messages } = await page.until(({ isLoading, interrupt }) => !isLoading && interrupt === undefined);
    expect(texts(messages)).toEqual(["order tea", "", "tea: yes", "You said tea: yes."]);
    page.unmount();
  });

  test("a message is edited and an answer given again, and all branches stay", async () => {
    const page = await chatPage(host.url);
    await told(page, "one");
    await told(page, "two");
    const metadata = (at: number) => page.now.getMessagesMetadata(page.now.messages[at]!, at)!;

    const edited = await told(page, "zwei", { checkpoint: metadata(2).firstSeenState!.parent_checkpoint! });
    expect(edited).toEqual(["one", "You said one.", "zwei", "You said zwei."]);
    expect(metadata(2).branchOptions).toHaveLength(2);
    const [first] = metadata(2).branchOptions!;
    page.now.setBranch(first!);
    await page.until(({ branch }) => branch === first);
    expect(texts(page.now.messages)).toEqual(["one", "You said one.", "two", "You said two."]);

    const before = page.now.messages[3]!.id;
    await page.now.submit(undefined, { checkpoint: metadata(3).firstSeenState!.parent_checkpoint! });
    await page.until(({ isLoading, messages }) => !isLoading && messages[3]?.id !== before);
    expect(texts(page.now.messages)).toEqual(["one", "You said one.", "two", "You said two."]);
    expect(metadata(3).branchOptions).toHaveLength(2);
    page.unmount();
  });

  test.each([false, true])("a run is stopped, and the next one begins (reconnectOnMount: %s)", async (reconnect) => {
    let thread = "";
    let run = "";
    const page = await chatPage(host.url, {
      reconnectOnMount: reconnect,
      onCreated: ({ thread_id, run_id }) => ([thread, run] = [thread_id, run_id]),
    });
    void page.now.submit(say("Wait for ever"));
    await page.until(({ messages }) => messages[1]?.content === "You");
    const stoppedRun = run;
    await page.now.stop();
    await page.until(({ isLoading }) => !isLoading);
    await idle(thread);
    host.gate.open();
    expect(await client.runs.get(thread, stoppedRun)).toMatchObject({ status: "interrupted" });
    expect((await told(page, "Now")).at(-1)).toBe("You said Now.");
    expect(page.now.error).toBeUndefined();
    page.unmount();
  });
});
