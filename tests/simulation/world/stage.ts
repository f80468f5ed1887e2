import { Random } from "../../lanes/hostile/random.js";
import { Violation } from "../model/shown.js";
import type { Moment } from "../model/records.js";
import { SimulatedBucket } from "./bucket.js";
import { quiescence, VirtualGlobals } from "./globals.js";
import type { FaultShares } from "./clients.js";
import { Network, type Flight } from "./network.js";
import { SimulatedTable } from "./table.js";

export const BUCKET_NAME = "simulated";

/** Some time that no history needs: one that does goes round in a circle. */
const MOST_STEPS = 60_000;

/** What all histories have, whatever is called in them. */
export interface Setting {
  seed: string;
  /** What the requests' order follows from. */
  schedule: number;
  pageBytes: number;
  shares: FaultShares;
}

/** One table, one bucket, a clock, and what lies between them and their users. Every request is a step of its own. */
export class Stage {
  steps = 0;
  readonly globals: VirtualGlobals;
  readonly table: SimulatedTable;
  readonly bucket: SimulatedBucket;
  readonly network: Network;
  readonly random: Random;
  /** Late requests that arrived. */
  lateArrivals = 0;
  trace: ((line: string) => void) | undefined;
  /** What happens by itself, before each step; true where something has. */
  onStep: () => boolean = () => false;
  /** What the clock said at each step. */
  readonly #times: number[] = [];

  constructor({ seed: name, schedule, pageBytes, shares }: Setting) {
    const seed = `${name} ${schedule}`;
    this.random = new Random(`order ${seed}`);
    this.globals = new VirtualGlobals(`chance ${seed}`);
    const step = (): number => this.steps;
    this.table = new SimulatedTable(pageBytes, step);
    this.bucket = new SimulatedBucket(BUCKET_NAME, step);
    this.network = new Network(this.table, this.bucket, new Random(`network ${seed}`), shares, step);
    this.globals.install();
  }

  traceTo(listener: (line: string) => void): void {
    const begin = this.globals.nowMs;
    this.trace = (line) =>
      listener(`${String(this.steps).padStart(5)} ${((this.globals.nowMs - begin) / 1_000).toFixed(3)}s ${line}`);
    this.network.trace = this.trace;
  }

  moment(): Moment {
    this.#step();
    return { step: this.steps, ms: this.globals.nowMs };
  }

  /** The moment of a step before. */
  momentOf(step: number): Moment {
    let at = Math.max(0, step);
    while (at > 0 && this.#times[at] === undefined) at--;
    return { step, ms: this.#times[at] ?? 0 };
  }

  #step(): void {
    this.#times[++this.steps] = this.globals.nowMs;
  }

  /** Lets things happen, one at a time, until `isOver`. `begin` begins another call, if it may. */
  async drive(isOver: () => boolean, begin: () => boolean = () => false): Promise<void> {
    const { network, random, globals } = this;
    for (;;) {
      await quiescence();
      if (isOver()) return;
      this.#step();
      if (this.steps > MOST_STEPS) throw new Violation("It goes round in a circle");
      if (this.onStep()) continue;
      if (network.invalid !== undefined)
        throw new Violation(`DynamoDB refuses a request as not valid: ${network.invalid}`);
      const active = network.active();
      const late = network.calm ? [] : network.late();
      if (late.length > 0 && random.chance(0.04)) this.#arrive(random.pick(late));
      else if ((active.length === 0 || random.chance(0.2)) && begin()) continue;
      else if (active.length > 0 && !random.chance(network.calm ? 0 : 0.005)) {
        if (!network.calm) globals.nowMs += random.below(3);
        this.#advance(network.calm ? active[0]! : random.pick(active));
      } else if (!this.#fireTimer()) throw new Violation("A call waits for nothing");
    }
  }

  /** What an instance does when it gets its answer, it does by its own clock. */
  #advance(flight: Flight): void {
    this.globals.runOn(flight.client);
    this.network.advance(flight);
  }

  #fireTimer(): boolean {
    const timer = this.globals.earliest();
    if (timer) this.globals.fire(timer);
    return timer !== undefined || this.network.active().length > 0;
  }

  #arrive(flight: Flight): void {
    this.globals.runOn(undefined);
    if (this.random.chance(0.15) || this.network.hasExpired(flight)) return this.network.drop(flight);
    this.lateArrivals++;
    this.#advance(flight);
  }

  /** Lets time pass at once. */
  jump(ms: number): void {
    this.globals.runOn(undefined);
    this.globals.nowMs += ms;
    this.network.dropExpired();
  }

  /** All that is still on its way arrives, or never does. */
  async settle(): Promise<void> {
    for (let late = this.network.late(); late.length > 0; late = this.network.late()) {
      this.#step();
      this.#arrive(this.random.pick(late));
    }
    await quiescence();
  }

  /** One call without faults. */
  async calmly<T>(call: Promise<T>): Promise<T> {
    let isOver = false;
    const over = (): void => void (isOver = true);
    call.then(over, over);
    await this.drive(() => isOver);
    return call;
  }
}
