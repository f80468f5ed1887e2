import { mounted } from "../lanes/server/mounted.js";
import { InMemoryThreadListAdapter } from "@assistant-ui/core";
import { AssistantRuntimeProvider } from "@assistant-ui/core/react";
import {
  useLangGraphInterruptState,
  useLangGraphRuntime,
  useLangGraphSendCommand,
} from "@assistant-ui/react-langgraph";
import { useAui, useAuiState } from "@assistant-ui/store";
import { Client } from "@langchain/langgraph-sdk";
import { createElement, type ReactNode } from "react";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hosts, type Host } from "../lanes/server/hosts.js";

/* The runtime of assistant-ui for LangGraph, as its documentation connects it with the SDK's client. */

describe.each(hosts)("in %s", (_name, start) => {
  let host: Host;
  let client: Client;

  beforeAll(async () => {
    host = await start();
    client = new Client({ apiUrl: host.url, apiKey: null });
  });
  afterAll(() => host.close());

  type Options = Parameters<typeof useLangGraphRuntime>[0];
  type Stream = Options["stream"];
  type Load = NonNullable<Options["load"]>;

  const stream: Stream = async function* (messages, { initialize, command, abortSignal }) {
    const { externalId } = await initialize();
    yield* client.runs.stream(externalId!, "agent", {
      input: messages.length > 0 ? { messages } : null,
      command: command as { resume: unknown },
      streamMode: ["messages", "updates"],
      signal: abortSignal,
    }) as unknown as Awaited<ReturnType<Stream>>;
  };

  const create = async () => ({ externalId: (await client.threads.create()).thread_id });

  const load: Load = async (externalId) => {
    const { values, tasks } = await client.threads.getState<{ messages: never[] }>(externalId);
    return { messages: values.messages, interrupts: tasks[0]?.interrupts ?? [] };
  };

  /** Without one it prints each event that it does not know: it knows neither `messages/metadata` nor `end`. */
  const eventHandlers = { onCustomEvent: () => undefined };

  /** The list of threads is that of the server. */
  class Threads extends InMemoryThreadListAdapter {
    override async list() {
      const threads = await client.threads.search();
      return { threads: await Promise.all(threads.map(({ thread_id }) => this.fetch(thread_id))) };
    }

    override async fetch(id: string) {
      const { thread_id } = await client.threads.get(id);
      return { status: "regular" as const, remoteId: thread_id, externalId: thread_id };
    }
  }
  const threads = new Threads();

  /** @param threadId of a thread that is loaded */
  function page(threadId?: string) {
    const Provider = ({ children }: { children: ReactNode }) => {
      const runtime = useLangGraphRuntime({
        stream,
        create,
        load,
        eventHandlers,
        ...(threadId && { initialThreadId: threadId, unstable_threadListAdapter: threads }),
      });
      const props = { runtime, children };
      return createElement(AssistantRuntimeProvider, props);
    };
    return mounted(
      () => ({
        aui: useAui(),
        thread: useAuiState((state) => state.thread),
        interrupt: useLangGraphInterruptState(),
        command: useLangGraphSendCommand(),
        externalId: useAuiState((state) => state.threadListItem.externalId),
      }),
      Provider,
    );
  }

  type Page = Awaited<ReturnType<typeof page>>;

  const append = (one: Page, text: string): void =>
    one.now.aui.thread().append({ role: "user", content: [{ type: "text", text }] });

  const shown = ({ thread }: Page["now"]): unknown[] =>
    thread.messages.map(({ role, content }) => [
      role,
      ...content.map((part) =>
        part.type === "text" ? part.text : part.type === "tool-call" ? part.result : part.type,
      ),
    ]);

  test("a message is answered word by word", async () => {
    const one = await page();
    append(one, "Wait a bit");
    await one.until((now) => shown(now)[1]?.toString() === "assistant,You" && now.thread.isRunning);
    await host.gate.arrival();
    host.gate.open();
    const now = await one.until(({ thread }) => thread.messages.length === 2 && !thread.isRunning);
    expect(shown(now)).toEqual([
      ["user", "Wait a bit"],
      ["assistant", "You said Wait a bit."],
    ]);
    one.unmount();
  });

  test("an interrupt is answered, and the thread is loaded again before and after", async () => {
    const first = await page();
    append(first, "order tea");
    const asked = await first.until(({ thread, interrupt }) => !thread.isRunning && interrupt !== undefined);
    expect(asked.interrupt).toMatchObject({ value: "Order tea?" });
    first.unmount();

    const second = await page(asked.externalId);
    const loaded = await second.until(({ interrupt }) => interrupt !== undefined);
    expect(loaded.interrupt).toMatchObject({ value: "Order tea?" });
    expect(shown(loaded)).toEqual([
      ["user", "order tea"],
      ["assistant", undefined],
    ]);
    await loaded.command({ resume: "yes" });
    const answered = await second.until(({ thread, interrupt }) => !thread.isRunning && interrupt === undefined);
    const whole = [
      ["user", "order tea"],
      ["assistant", "tea: yes", "You said tea: yes."],
    ];
    expect(shown(answered)).toEqual(whole);
    second.unmount();

    const third = await page(asked.externalId);
    expect(shown(await third.until(({ thread }) => thread.messages.length === 2))).toEqual(whole);
    third.unmount();
  });
});
