import type { ServerEvent } from "../http/sse.js";
import { toJson } from "../http/json.js";
import { EventIds, type LogWriter } from "../log/writer.js";
import type { LocalRun } from "../scope.js";

/** So long at most is a question held back for the run to end. */
const HELD_MS = 10_000;
/** And so long where other branches of the graph are heard of meanwhile. */
const HELD_BESIDE_MS = 500;

/** Where the events of one attempt go: to who listens in this instance, and to the log of a resumable run. */
export class Emitter {
  readonly #ids: EventIds;
  #held: { since: number; mostMs: number; events: ServerEvent[] } | undefined;

  constructor(
    token: number,
    readonly here: LocalRun,
    readonly log: LogWriter | undefined,
  ) {
    this.#ids = new EventIds(token);
  }

  emit(event: string, data: unknown): void {
    const number = this.#ids.next();
    const isHeard = [...this.here.listeners].some(({ isLeft }) => !isLeft);
    if (!isHeard && !this.log) return;
    const one = { id: String(number), event, data: toJson(data) };
    if (this.#held) this.#held.events.push(one);
    else this.#tell(one);
    this.log?.push(number, one);
  }

  /** The run is about to end with a question: who answers at once is not to find the thread busy with it. */
  hold(): void {
    this.here.isAsking = true;
    this.#held ??= { since: Date.now(), mostMs: HELD_MS, events: [] };
  }

  /** Other branches of the graph go on, so the run does not end at once. */
  goOn(): void {
    if (this.#held) this.#held.mostMs = HELD_BESIDE_MS;
  }

  get isHolding(): boolean {
    return this.#held !== undefined;
  }

  /** What was held back comes now. @param isOver or only where it has waited for long */
  letGo(isOver: boolean): void {
    if (!this.#held || (!isOver && Date.now() - this.#held.since < this.#held.mostMs)) return;
    for (const one of this.#held.events) this.#tell(one);
    this.#held = undefined;
  }

  #tell(event: ServerEvent): void {
    for (const listener of this.here.listeners) listener.push(event);
  }
}
