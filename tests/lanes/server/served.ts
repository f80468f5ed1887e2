import { createAgentServer, type AgentServer, type AgentServerOptions } from "langgraph-checkpoint-dynamodb/server";
import { createSaver, type SaverOptions } from "../savers/harness.js";
import { newPrefix } from "../stored/requests.js";
import { graphsOf } from "./graphs.js";

/* A server of graphs as users have them. */

/** Who waits for a node, and lets it go on. */
export class Gate {
  #open: (() => void)[] = [];
  #arrived: (() => void)[] = [];
  visits = 0;

  /** A node is here, and goes on when it is let. */
  async pass(): Promise<void> {
    this.visits++;
    for (const tell of this.#arrived.splice(0)) tell();
    await new Promise<void>((resolve) => this.#open.push(resolve));
  }

  async arrival(): Promise<void> {
    if (this.#open.length === 0) await new Promise<void>((resolve) => this.#arrived.push(resolve));
  }

  /** Who waits here has died, and waits for ever. */
  abandon(): void {
    this.#open = [];
  }

  open(): void {
    for (const resolve of this.#open.splice(0)) resolve();
  }
}

export interface Effects {
  done: string[];
  gate: Gate;
}

export interface Served {
  server: AgentServer;
  effects: Effects;
  world: Partial<SaverOptions> & { keyPrefix: string };
  /** Another instance, which knows nothing of the first. */
  another: (options?: Partial<AgentServerOptions>) => AgentServer;
  call: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Response>;
  /** The JSON of an answer, which has to be one of success. */
  json: <T = Record<string, unknown>>(method: string, path: string, body?: unknown) => Promise<T>;
  /** What a run in the background waits for. */
  settled: () => Promise<void>;
}

export function serve(
  options: Partial<AgentServerOptions> = {},
  saverOptions: Partial<SaverOptions> = {},
  effects: Effects = { done: [], gate: new Gate() },
): Served {
  const world = { ...saverOptions, keyPrefix: saverOptions.keyPrefix ?? newPrefix() };
  const another = (more: Partial<AgentServerOptions> = {}): AgentServer =>
    createAgentServer({
      graphs: graphsOf(effects),
      checkpointer: createSaver(world),
      authenticate: false,
      ...options,
      ...more,
    });
  const server = another();
  const work: Promise<unknown>[] = [];
  const ctx = { waitUntil: (promise: Promise<unknown>) => void work.push(promise) };
  const call = (method: string, path: string, body?: unknown, headers = {}): Promise<Response> =>
    server.fetch(
      new Request(`https://agent.example${path}`, {
        method,
        headers: { "content-type": "application/json", ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
      {},
      ctx,
    );
  return {
    server,
    effects,
    world,
    another,
    call,
    async json<T>(method: string, path: string, body?: unknown) {
      const response = await call(method, path, body);
      const text = await response.text();
      if (!response.ok) throw new Error(`${response.status}: ${text}`);
      return (text === "" ? undefined : JSON.parse(text)) as T;
    },
    async settled() {
      while (work.length > 0) await work.shift();
    },
  };
}

export interface Sent {
  id: string | undefined;
  event: string;
  data: unknown;
}

/** The events of a stream, as they come. */
export async function* eventsOf(response: Response): AsyncGenerator<Sent, void, undefined> {
  let rest = "";
  const decoder = new TextDecoder();
  const reader = response.body!.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const parts = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = parts.pop()!;
      for (const part of parts.filter((one) => !one.startsWith(":"))) {
        const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, "m").exec(part)?.[1];
        yield { id: field("id"), event: field("event")!, data: JSON.parse(field("data")!) };
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

export async function allEvents(response: Response): Promise<Sent[]> {
  const all: Sent[] = [];
  for await (const one of eventsOf(response)) all.push(one);
  return all;
}

export const human = (content: string): { messages: object[] } => ({ messages: [{ type: "human", content }] });
