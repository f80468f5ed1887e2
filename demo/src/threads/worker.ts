import { EventSourceParserStream } from "eventsource-parser/stream";
import { RunError } from "./run-error.js";
import { forgetToken } from "./token.js";
import type { Checkpoint, Interrupt, Run, RunEvent, ThreadInfo, Threads } from "./threads.js";

const PAGE_SIZE = 100;

interface ThreadPage {
  threads: ThreadInfo[];
  next_after: string | null;
}

interface HistoryPage {
  checkpoints: Checkpoint[];
  next_before: string | null;
}

/** The threads of the Worker that serves this page, over its HTTP interface. */
export function workerThreads(token: string, origin = location.origin): Threads {
  async function request(method: string, path: string, body?: unknown): Promise<Response> {
    let response: Response;
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { "content-type": "application/json" }),
    };
    try {
      response = await fetch(new URL(path, origin), {
        method,
        headers,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      throw new RunError("WORKER_UNREACHABLE", `The Worker at ${origin} does not answer.`, { cause });
    }
    if (response.ok) return response;
    if (response.status === 401) forgetToken(); // so that a reload asks for another one
    throw await errorOf(response);
  }

  const get = async <Body>(path: string) => (await (await request("GET", path)).json()) as Body;

  async function* run(path: string, body: unknown): Run {
    const response = await request("POST", path, body);
    const events = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    for await (const { event, data } of events ? read(events) : []) {
      const told = JSON.parse(data) as Record<string, unknown>;
      if (event === "updates") yield { type: "update", nodes: told } as RunEvent;
      if (event === "interrupt") yield { type: "interrupt", interrupts: told["interrupts"] as Interrupt[] };
      if (event === "error") {
        const { code, message } = told["error"] as { code: string; message: string };
        throw new RunError(code, message);
      }
    }
  }

  return {
    place: `the Worker at ${new URL(origin).host}`,
    storage: "the Worker's DynamoDB table",

    async list() {
      const threads: ThreadInfo[] = [];
      for (let after: string | null = ""; after !== null;) {
        const query: string = after && `&after=${encodeURIComponent(after)}`;
        const page: ThreadPage = await get(`/threads?limit=${PAGE_SIZE}${query}`);
        threads.push(...page.threads);
        after = page.next_after;
      }
      return threads;
    },

    async history(threadId) {
      const checkpoints: Checkpoint[] = [];
      try {
        for (let before: string | null = ""; before !== null;) {
          const query: string = before && `&before=${encodeURIComponent(before)}`;
          const page: HistoryPage = await get(`${pathOf(threadId)}/history?limit=${PAGE_SIZE}${query}`);
          checkpoints.push(...page.checkpoints);
          before = page.next_before;
        }
      } catch (error) {
        // A thread that was only just named has no history yet.
        if (!(error instanceof RunError && error.code === "THREAD_NOT_FOUND")) throw error;
      }
      return checkpoints;
    },

    send: (threadId, message) => run(`${pathOf(threadId)}/runs`, { message }),
    resume: (threadId, interrupt_id, decision) => run(`${pathOf(threadId)}/resume`, { ...decision, interrupt_id }),
    replay: (threadId, checkpoint_id) => run(`${pathOf(threadId)}/fork`, { checkpoint_id }),

    fork(threadId, checkpoint_id, { text, replaces }) {
      if (replaces === undefined) return run(`${pathOf(threadId)}/fork`, { checkpoint_id, message: text });
      const messages = [{ role: "user", content: text, id: replaces }];
      return run(`${pathOf(threadId)}/fork`, { checkpoint_id, values: { messages }, as_node: "__start__" });
    },

    async delete(threadId) {
      await request("DELETE", pathOf(threadId));
    },
  };
}

const pathOf = (threadId: string) => `/threads/${encodeURIComponent(threadId)}`;

async function errorOf(response: Response): Promise<RunError> {
  try {
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    return new RunError(error.code, error.message);
  } catch {
    return new RunError(
      `HTTP_${response.status}`,
      `The Worker answered with status ${response.status} and nothing more.`,
    );
  }
}

/** Not every browser can iterate a stream yet. */
async function* read<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
