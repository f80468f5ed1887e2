import {
  Client,
  type Config,
  type Interrupt,
  type Message,
  type Thread,
  type ThreadState,
} from "@langchain/langgraph-sdk";
import type { Decision } from "../../../workers/agent.js";
import type { Document } from "../../../workers/state.js";
import { RunError } from "./run-error.js";

export type { Decision, Document, Interrupt, Message, Thread };

/** What the channels held at a checkpoint. Before the first superstep they hold nothing. */
export interface Values {
  messages?: Message[];
  [channel: string]: unknown;
}

export type Checkpoint = ThreadState<Values>;

/** A thread as it is now. */
export interface Opened {
  thread: Thread<Values>;
  /** Newest first. */
  checkpoints: Checkpoint[];
}

export interface Agent {
  nodes: string[];
  /** With a message, into a channel of that name. */
  takesDocument: boolean;
}

/** The events of a run, as LangGraph's server sends them. */
export type Run = AsyncIterable<{ event: string; data: unknown }>;

/** What a person says, and what comes with it. */
export interface Draft {
  text: string;
  document?: Document | undefined;
}

/** What to write to a state. */
export interface Edit {
  values: Values;
  /** Without it, in the name of the node that wrote last. */
  asNode?: string | undefined;
}

/** How a branch starts: the last question put another way, or another message after what was said. */
export interface ForkEdit {
  text: string;
  /** The id of the message that `text` takes the place of; without it, `text` is a new message. */
  replaces?: string | undefined;
}

/** The server that runs the agent, by LangGraph's own client: ours, or any that speaks its API. */
export interface Connection {
  apiUrl: string;
  headers?: Record<string, string>;
  /** In place of the browser's. */
  fetch?: (request: Request) => Promise<Response>;
  /** The server does not know who asks. */
  onUnknown?: () => void;
  /** Where the agent runs, for the page's header. */
  place: string;
  /** Where its threads are kept. */
  storage: string;
}

/** The agent's name among the server's graphs. Of a server that has none of that name, it is the first graph. */
const AGENT = "agent";
/** Each has the whole state, so there are not too many in one answer. */
const CHECKPOINTS_A_PAGE = 20;
const THREADS_A_PAGE = 100;

const STREAM = {
  streamMode: ["updates", "messages-tuple"] as ("updates" | "messages-tuple")[],
  streamResumable: true, // after a reload, what was missed is told again
  durability: "sync" as const, // a step begins when what came before it is stored
};

export class Threads {
  readonly #client: Client;
  #graph: string | undefined;
  readonly place: string;
  readonly storage: string;

  constructor({ apiUrl, headers, fetch = globalThis.fetch, onUnknown, place, storage }: Connection) {
    this.place = place;
    this.storage = storage;
    this.#client = new Client({
      apiUrl,
      apiKey: null,
      ...(headers && { defaultHeaders: headers }),
      callerOptions: {
        maxRetries: 0, // a person is told at once, and tries again
        fetch: async (url: string, init?: RequestInit) => {
          const response = await fetch(new Request(url, init));
          if (response.status === 401) onUnknown?.();
          return response;
        },
      },
    });
  }

  /** The newest first. */
  readonly list = async (): Promise<Thread<Values>[]> => {
    const threads: Thread<Values>[] = [];
    for (let page = [undefined] as unknown[]; page.length > 0;) {
      const found = await this.#client.threads.search<Values>({
        limit: THREADS_A_PAGE,
        offset: threads.length,
        sortBy: "created_at",
        sortOrder: "desc",
      });
      threads.push(...found);
      page = found.length < THREADS_A_PAGE ? [] : found;
    }
    return threads;
  };

  async create(threadId: string): Promise<void> {
    await this.#client.threads.create({ threadId, graphId: await this.#graphId() });
  }

  async delete(threadId: string): Promise<void> {
    await this.#client.threads.delete(threadId);
  }

  /** Null where there is no such thread. */
  async open(threadId: string): Promise<Opened | null> {
    return orNull(async () => {
      // In this order: what is written in between makes the version old, and is read at the next look.
      const thread = await this.#client.threads.get<Values>(threadId);
      return { thread, checkpoints: await this.history(threadId) };
    });
  }

  /** Another text each time that something was written to a thread. */
  async version(threadId: string): Promise<string> {
    return versionOf(await orNull(() => this.#client.threads.get<Values>(threadId)));
  }

  /** @param namespace of a subgraph, whose history it is then */
  async history(threadId: string, namespace?: string): Promise<Checkpoint[]> {
    const checkpoints: Checkpoint[] = [];
    for (let before: Config | undefined, isLast = false; !isLast;) {
      const page = await this.#client.threads.getHistory<Values>(threadId, {
        limit: CHECKPOINTS_A_PAGE,
        // With one of its own, the client does not take the answer to a question that was asked before the last step.
        signal: new AbortController().signal,
        ...(before && { before }),
        ...(namespace !== undefined && { checkpoint: { checkpoint_ns: namespace } }),
      });
      checkpoints.push(...page);
      isLast = page.length < CHECKPOINTS_A_PAGE;
      before = { configurable: { ...page.at(-1)?.checkpoint } };
    }
    return checkpoints;
  }

  /** A run with a new message, or with null one that goes on where the last one broke off. */
  send(threadId: string, draft: Draft | null): Run {
    const input = draft && { ...said(draft.text), ...(draft.document && { document: draft.document }) };
    return this.#run(threadId, { input });
  }

  /** Writes to a state as it was at a checkpoint. What comes of it is a branch of its own. */
  async edit(threadId: string, checkpointId: string, { values, asNode }: Edit): Promise<void> {
    await this.#client.threads.updateState(threadId, { values, checkpointId, ...(asNode && { asNode }) });
  }

  /** What the server tells of the agent. What it does not tell, the page does without. */
  readonly agent = async (): Promise<Agent> => {
    const graphId = await this.#graphId();
    const [graph, schemas] = await Promise.all([
      this.#client.assistants.getGraph(graphId).catch(() => undefined),
      this.#client.assistants.getSchemas(graphId).catch(() => undefined),
    ]);
    return {
      nodes: (graph?.nodes ?? []).map(({ id }) => String(id)).filter((id) => id !== "__end__"),
      takesDocument: "document" in (schemas?.state_schema?.properties ?? {}),
    };
  };

  /** The answer to an interrupt, by the id of the one that the person has seen: another may be open by now. */
  async *resume(threadId: string, interruptId: string, decision: Decision): Run {
    const { status, interrupts } = await this.#client.threads.get(threadId);
    // Of a thread that is busy, the server says so.
    if (
      status !== "busy" &&
      !Object.values(interrupts)
        .flat()
        .some(({ id }) => id === interruptId)
    )
      throw new RunError("NOTHING_TO_RESUME", "This thread does not wait for this answer any more.");
    yield* this.#run(threadId, { command: { resume: { [interruptId]: decision } } });
  }

  /** The same steps again, from a checkpoint as it is. */
  replay(threadId: string, checkpointId: string): Run {
    return this.#run(threadId, { input: null, checkpointId });
  }

  /** Another branch, from a checkpoint with an edited state. */
  fork(threadId: string, checkpointId: string, { text, replaces }: ForkEdit): Run {
    return this.#run(threadId, { input: said(text, replaces), checkpointId });
  }

  async *#run(threadId: string, payload: Parameters<Client["runs"]["stream"]>[2]): Run {
    yield* this.#client.runs.stream(threadId, await this.#graphId(), { ...STREAM, ...payload }) as Run;
  }

  async #graphId(): Promise<string> {
    if (this.#graph === undefined) {
      const found = await this.#client.assistants.search({ limit: 100 });
      const { graph_id } = found.find((one) => one.graph_id === AGENT) ?? found[0] ?? { graph_id: AGENT };
      this.#graph = graph_id;
    }
    return this.#graph;
  }

  /** The run that a thread is busy with, from its first event; nothing where it has ended by now. */
  async *join(threadId: string): Run {
    const runs = await this.#client.runs.list(threadId, { limit: 1 });
    const run = runs.find(({ status }) => status === "running" || status === "pending");
    if (run) yield* this.#client.runs.joinStream(threadId, run.run_id, { lastEventId: "-1" }) as Run;
  }
}

export const versionOf = (thread: Thread<Values> | null): string =>
  thread ? `${thread.status} ${thread.updated_at}` : "gone";

async function orNull<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if ((error as { status?: unknown }).status === 404) return null;
    throw error;
  }
}

const said = (content: string, id?: string) => ({
  messages: [{ type: "human", content, ...(id !== undefined && { id }) }],
});
