import type { checkpointView, interruptsOf, messageView } from "../../../workers/views.js";
import type { Decision } from "../../../workers/agent.js";

export type { Decision };

export type Message = ReturnType<typeof messageView>;
export type Interrupt = ReturnType<typeof interruptsOf>[number];
export type ToolCall = NonNullable<Exclude<Message["tool_calls"], 0>>[number];

/** What the channels held at a checkpoint. Before the first superstep they hold nothing. */
export interface Values {
  messages?: Message[];
  [channel: string]: unknown;
}

/** One point of a thread's history, as the Worker sends it and as the page makes it of LangGraph's own snapshot. */
export type Checkpoint = Omit<ReturnType<typeof checkpointView>, "values"> & { values: Values };

export interface ThreadInfo {
  thread_id: string;
  created_at?: string | undefined;
}

/** What happens during a run, in order. A run that fails throws instead. */
export type RunEvent =
  /** What each node that has just ended wrote. */
  | { type: "update"; nodes: Record<string, { messages?: Message[] } | null> }
  /** The agent asks a person, and the run ends here until `resume`. */
  | { type: "interrupt"; interrupts: Interrupt[] };

export type Run = AsyncIterable<RunEvent>;

/** How a branch starts: the last question put another way, or another message after what was said. */
export interface ForkEdit {
  text: string;
  /** The id of the message that `text` takes the place of; without it, `text` is a new message. */
  replaces?: string | undefined;
}

/** All that the page asks of whoever runs the agent. */
export interface Threads {
  /** Where the agent runs, for the page's header. */
  readonly place: string;
  /** Where its threads are kept. */
  readonly storage: string;

  list: () => Promise<ThreadInfo[]>;
  /** Newest first; empty for a thread that does not exist. */
  history: (threadId: string) => Promise<Checkpoint[]>;
  /** A run with a new message, or with null one that goes on where the last one broke off. */
  send: (threadId: string, message: string | null) => Run;
  /** The answer to an interrupt, by the id of the one that the person has seen: another may be open by now. */
  resume: (threadId: string, interruptId: string, decision: Decision) => Run;
  /** The same steps again, from a checkpoint as it is. */
  replay: (threadId: string, checkpointId: string) => Run;
  /** Another branch, from a checkpoint with an edited state. */
  fork: (threadId: string, checkpointId: string, edit: ForkEdit) => Run;
  delete: (threadId: string) => Promise<void>;
}
