import { createAgentServer, type AgentServer } from "langgraph-checkpoint-dynamodb/server";
import { Random } from "../../lanes/hostile/random.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { workGraph, type Ledger } from "./graph.js";

interface Instance {
  server: AgentServer;
  isDead: boolean;
}

/** Servers of one table, of which one dies now and then: nothing that it sends arrives from then on. */
export class Instances {
  readonly #keyPrefix = newPrefix();
  readonly #all: Instance[];
  killed = 0;

  constructor(
    count: number,
    private readonly random: Random,
    private readonly ledger: Ledger,
  ) {
    this.#all = Array.from({ length: count }, () => this.#begin());
  }

  #begin(): Instance {
    const instance = { isDead: false } as Instance;
    instance.server = createAgentServer({
      graphs: { work: workGraph(this.random, this.ledger) },
      checkpointer: createSaver({
        keyPrefix: this.#keyPrefix,
        maxAttempts: 3,
        fetch: async (url, init) => {
          if (instance.isDead) throw new TypeError("It is dead.");
          return fetch(url, init);
        },
      }),
      authenticate: false,
      limits: { leaseSeconds: 2 },
    });
    return instance;
  }

  /** One that lives. */
  any(): AgentServer {
    return this.random.pick(this.#all).server;
  }

  /** Kills one in the middle of what it does, and begins another in its place. */
  kill(): void {
    const i = this.random.below(this.#all.length);
    this.#all[i]!.isDead = true;
    this.#all[i] = this.#begin();
    this.killed++;
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    return this.any().fetch(new Request(`https://agent.example${path}`, init));
  }

  /** The JSON of an answer; again where an instance has died with it. */
  async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    for (let tries = 0; ; tries++) {
      const response = await this.call(method, path, body);
      const text = await response.text();
      if (response.ok) return JSON.parse(text) as T;
      if (response.status !== 500 || tries > 10) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    }
  }
}
