import { expect } from "vitest";
import type { Random } from "../../lanes/hostile/random.js";
import { eventsOf, type Sent } from "../../lanes/server/served.js";
import { answerTo, inputOf } from "./graph.js";
import type { Instances } from "./instances.js";

/** Ids of one attempt. */
const ATTEMPT = 2n ** 20n;
const STRATEGIES = { reject: 4, enqueue: 5, interrupt: 1, rollback: 1 };

/** A run as its client has seen it begin. */
export interface Started {
  tag: string;
  thread: string;
  run: string;
  asks: boolean;
}

interface State {
  tasks: { interrupts: { id: string; value: string }[] }[];
}

/** Calls the server at random, and looks at what it hears. */
export class NemesisClient {
  readonly started: Started[] = [];
  /** How often it has done what. */
  readonly done: Record<string, number> = {};
  #count = 0;
  /** The stream that it listens to. */
  hears: string | undefined;

  constructor(
    readonly name: string,
    private readonly threads: readonly string[],
    private readonly isAlone: boolean,
    private readonly instances: Instances,
    private readonly random: Random,
  ) {}

  #note(what: string): void {
    this.done[what] = (this.done[what] ?? 0) + 1;
  }

  async act(): Promise<void> {
    const { random } = this;
    const thread = random.pick(this.threads);
    const what = random.weighted({ listen: 8, background: 3, cancel: 1, look: 1 });
    if (what === "look") {
      this.#note("looked");
      await this.instances.json("GET", `/threads/${thread}`);
    } else if (what === "cancel") await this.#cancel(thread);
    else if (this.isAlone && random.chance(0.7) && (await this.#answer(thread))) return;
    else await this.#start(thread, what === "listen");
  }

  /** Runs the graph anew. */
  async #start(thread: string, isHeard: boolean): Promise<void> {
    const { random } = this;
    const tag = `${this.name}.${this.#count++}`;
    const asks = random.chance(this.isAlone ? 0.7 : 0.2);
    const body = {
      input: inputOf(tag, asks),
      multitask_strategy: random.weighted(STRATEGIES),
    };
    const run = await this.#run(thread, body, isHeard);
    if (run !== undefined) this.started.push({ tag, thread, run, asks });
  }

  /** Answers what waits in a thread that is this client's alone, without naming it. */
  async #answer(thread: string): Promise<boolean> {
    const { tasks } = await this.instances.json<State>("GET", `/threads/${thread}/state`);
    const [question] = tasks.flatMap(({ interrupts }) => interrupts);
    if (!question) return false;
    this.#note("answered");
    await this.#run(thread, { command: { resume: answerTo(question.value) } }, this.random.chance(0.7));
    return true;
  }

  /** @returns the run's id, where it has begun or waits for sure */
  async #run(thread: string, body: object, isHeard: boolean): Promise<string | undefined> {
    const whole = {
      assistant_id: "work",
      stream_mode: ["custom", "values"],
      stream_resumable: true,
      on_disconnect: "continue",
      ...body,
    };
    const path = `/threads/${thread}/runs`;
    if (!isHeard) {
      const response = await this.instances.call("POST", path, whole);
      const answer = await response.text();
      if (!this.#isBegun(response)) return undefined;
      const { run_id } = JSON.parse(answer) as { run_id: string };
      await (await this.instances.call("GET", `${path}/${run_id}/join`)).text().catch(() => undefined);
      return run_id;
    }
    const response = await this.instances.call("POST", `${path}/stream`, whole);
    if (!this.#isBegun(response)) {
      await response.text();
      return undefined;
    }
    const location = response.headers.get("location")!;
    await this.#listen(response, location);
    return location.split("/").at(-2)!;
  }

  #isBegun({ ok, status }: Response): boolean {
    this.#note(ok ? "begun" : `refused ${status}`);
    // 500: its instance has died. It may have begun all the same.
    if (!ok) expect([422, 429, 500]).toContain(status);
    return ok;
  }

  /** Hears a run to its end, over however many connections; some of them it drops itself. */
  async #listen(response: Response, location: string): Promise<void> {
    this.hears = location;
    const seen: Sent[] = [];
    let next: Response | undefined = response;
    while (next) {
      const dropAfter = this.random.chance(0.3) ? this.random.below(8) : Infinity;
      let heard = 0;
      try {
        for await (const event of eventsOf(next)) {
          seen.push(event);
          if (++heard > dropAfter) break;
        }
      } catch {
        this.#note("connections broken");
      }
      const last = seen.at(-1);
      if (last?.event === "end" || last?.event === "error") break;
      this.#note("joined again");
      next = await this.#joinAgain(location, seen.findLast(({ id }) => id !== undefined)?.id ?? "-1");
    }
    // Deleted, by who has rolled it back.
    if (next) expect(["end", "error"]).toContain(seen.at(-1)?.event);
    this.hears = undefined;
    this.#check(seen);
  }

  async #joinAgain(location: string, last: string): Promise<Response | undefined> {
    for (;;) {
      const response = await this.instances.call("GET", location, undefined, { "last-event-id": last });
      if (response.ok) return response;
      const text = await response.text();
      if (response.status === 404) return undefined;
      expect([response.status, text]).toEqual([500, expect.any(String)]);
    }
  }

  /** Ids rise, and none is missing between the first of an attempt and the last that was heard of it. */
  #check(seen: readonly Sent[]): void {
    const ids = seen.flatMap(({ id }) => (id === undefined ? [] : [BigInt(id)]));
    for (const [i, id] of ids.entries()) {
      const before = i === 0 ? undefined : ids[i - 1]!;
      if (before !== undefined && before / ATTEMPT === id / ATTEMPT)
        expect([this.name, id]).toEqual([this.name, before + 1n]);
      else {
        expect([this.name, id % ATTEMPT]).toEqual([this.name, 0n]);
        if (before !== undefined) expect(id > before).toBe(true);
      }
    }
  }

  async #cancel(thread: string): Promise<void> {
    const runs = await this.instances.json<{ run_id: string; status: string }[]>("GET", `/threads/${thread}/runs`);
    const open = runs.find(({ status }) => status === "running" || status === "pending");
    if (!open) return;
    const action = this.random.pick(["interrupt", "rollback"]);
    const wait = this.random.chance(0.5) ? 1 : 0;
    const path = `/threads/${thread}/runs/${open.run_id}/cancel?action=${action}&wait=${wait}`;
    const response = await this.instances.call("POST", path);
    await response.text();
    this.#note(`cancelled ${response.status}`);
  }
}
