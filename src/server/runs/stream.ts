import type { Graph, GraphConfig } from "../graphs.js";
import { isFields, type Fields } from "../http/fields.js";
import { checkpointOf } from "../shapes/state.js";
import type { Emitter } from "./emit.js";
import type { Kwargs } from "./record.js";

/* What a graph streams, as the events that clients of LangGraph's server know. */

const INTERRUPT = "__interrupt__";
const HIDDEN = "langsmith:hidden";

/** The graph's own modes for those that a client asks for. What a run ends with is always looked at. */
function modesOf({ stream_mode }: Kwargs): string[] {
  const own = stream_mode.flatMap((mode) =>
    mode === "messages-tuple" || mode === "messages" ? ["messages"] : mode === "events" ? [] : [mode],
  );
  return [...new Set([...own, "values", "updates"])];
}

interface Chunk {
  id?: string;
  concat?(other: Chunk): Chunk;
}

type Sink = Pick<Emitter, "emit" | "hold" | "goOn">;

/** Emits what a graph gives, until it ends. */
export class GraphStream {
  /** The last values of the root graph. */
  values: unknown;
  /** Whether the graph has ended to ask somebody. */
  isInterrupted = false;
  readonly #asked: ReadonlySet<string>;
  readonly #messages = new Map<string, Chunk>();
  readonly #complete = new Set<string>();

  constructor(
    readonly kwargs: Kwargs,
    readonly sink: Sink,
  ) {
    this.#asked = new Set(kwargs.stream_mode);
  }

  async run(graph: Graph, input: unknown, config: GraphConfig, runId: string): Promise<void> {
    const options = { ...config, streamMode: modesOf(this.kwargs), subgraphs: this.kwargs.stream_subgraphs };
    if (!this.#asked.has("events")) {
      for await (const chunk of await graph.stream(input, options)) this.#chunk(chunk);
      return;
    }
    for await (const event of graph.streamEvents(input, { ...options, version: "v2" })) {
      if (Array.isArray(event.tags) && event.tags.includes(HIDDEN)) continue;
      if (event.event === "on_chain_stream" && event.run_id === runId) this.#chunk((event.data as Fields).chunk);
      else this.sink.emit("events", event);
    }
  }

  #chunk(chunk: unknown): void {
    const [ns, mode, data] = (this.kwargs.stream_subgraphs ? chunk : [[], ...(chunk as unknown[])]) as [
      string[],
      string,
      unknown,
    ];
    // A client may answer what a graph inside asks as soon as it hears of it.
    const isAsking = isFields(data) && INTERRUPT in data;
    if (isAsking || tellsQuestion(mode, data)) this.sink.hold();
    else if (ofBranches.includes(mode)) this.sink.goOn();
    if (ns.length === 0) this.#root(mode, data, isAsking);
    const behind = ns.length === 0 ? "" : `|${ns.join("|")}`;
    if (mode === "messages") {
      if (this.#asked.has("messages-tuple")) this.sink.emit(`messages${behind}`, data);
      if (this.#asked.has("messages")) this.#partial(data as [Chunk, unknown]);
      return;
    }
    if (this.#asked.has(mode)) this.sink.emit(mode + behind, shown(mode, data));
    if (mode === "values" && this.#asked.has("messages")) this.#completed(data);
  }

  #root(mode: string, data: unknown, isAsking: boolean): void {
    if (isAsking) this.isInterrupted = true;
    // That it asks comes in a chunk of its own.
    if (mode === "values" && !(isAsking && Object.keys(data as Fields).join() === INTERRUPT)) this.values = data;
  }

  /** The older mode: each piece with all that came before it. */
  #partial([piece, metadata]: [Chunk, unknown]): void {
    if (typeof piece.id !== "string" || this.#complete.has(piece.id)) return;
    const before = this.#messages.get(piece.id);
    const whole = before?.concat && piece.concat ? before.concat(piece) : piece;
    this.#messages.set(piece.id, whole);
    if (!before) this.sink.emit("messages/metadata", { [piece.id]: { metadata } });
    this.sink.emit("messages/partial", [whole]);
  }

  #completed(values: unknown): void {
    const messages = isFields(values) ? values.messages : undefined;
    if (!Array.isArray(messages)) return;
    const fresh = (messages as Chunk[]).filter(({ id }) => typeof id === "string" && !this.#complete.has(id));
    for (const { id } of fresh) this.#complete.add(id!);
    if (fresh.length > 0) this.sink.emit("messages/complete", fresh);
  }
}

/** What is streamed of single nodes. */
const ofBranches = ["messages", "custom", "updates"];

/** Whether the modes that show tasks show a question. */
function tellsQuestion(mode: string, data: unknown): boolean {
  if (mode !== "debug" && mode !== "checkpoints" && mode !== "tasks") return false;
  const told = mode === "debug" && isFields(data) ? data.payload : data;
  const asks = (one: unknown): boolean => isFields(one) && Array.isArray(one.interrupts) && one.interrupts.length > 0;
  return asks(told) || (isFields(told) && Array.isArray(told.tasks) && told.tasks.some(asks));
}

/** Configs have what nobody else may see, so of each there is no more than the checkpoint that it names. */
function shown(mode: string, data: unknown): unknown {
  if (mode !== "debug" && mode !== "checkpoints" && mode !== "tasks") return data;
  if (!isFields(data)) return data;
  if (mode === "debug") return { ...data, payload: withoutConfigs(data.payload) };
  return withoutConfigs(data);
}

function withoutConfigs(payload: unknown): unknown {
  if (!isFields(payload)) return payload;
  const { config, parentConfig, tasks, ...rest } = payload;
  return {
    ...rest,
    ...(config !== undefined && { checkpoint: checkpointOf(config as GraphConfig) }),
    ...(parentConfig !== undefined && { parent_checkpoint: checkpointOf(parentConfig as GraphConfig) }),
    ...(Array.isArray(tasks) && {
      tasks: tasks.map((task: Fields) => {
        const { state, ...others } = task;
        return { ...others, checkpoint: state ? checkpointOf(state as unknown as GraphConfig) : null };
      }),
    }),
  };
}
