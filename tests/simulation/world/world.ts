import { Random } from "../../lanes/hostile/random.js";
import { SimulatedBucket } from "./bucket.js";
import { Copies } from "../model/copies.js";
import { quiescence, VirtualGlobals } from "./globals.js";
import { auditorOf, BUCKET_NAME, Instance } from "../calls/instances.js";
import { Judge } from "../model/judge.js";
import { Model } from "../model/model.js";
import { Network, type Flight } from "./network.js";
import type { Call, Plan } from "../calls/plan.js";
import type { Moment, Span } from "../model/records.js";
import { Violation } from "../model/shown.js";
import { SimulatedTable } from "./table.js";

/** Some time that no history needs: one that does goes round in a circle. */
const MOST_STEPS = 60_000;

/** One table and one bucket, the savers that use them, and what lies between. Every request is a step of its own. */
export class World {
  steps = 0;
  readonly globals: VirtualGlobals;
  readonly table: SimulatedTable;
  readonly bucket: SimulatedBucket;
  readonly network: Network;
  readonly model = new Model(() => this.lateArrivals > 0);
  readonly copies = new Copies(this.model);
  readonly judge = new Judge(this.model);
  readonly instances: Instance[];
  readonly auditor: Instance;
  readonly random: Random;
  /** Late requests that arrived, and late ones that stored an object. */
  lateArrivals = 0;
  trace: ((line: string) => void) | undefined;

  constructor(readonly plan: Plan) {
    const seed = `${plan.seed} ${plan.schedule}`;
    this.random = new Random(`order ${seed}`);
    this.globals = new VirtualGlobals(`chance ${seed}`);
    const step = (): number => this.steps;
    this.table = new SimulatedTable(plan.pageBytes, step);
    this.bucket = new SimulatedBucket(BUCKET_NAME, step);
    this.network = new Network(this.table, this.bucket, new Random(`network ${seed}`), plan.shares, step);
    this.globals.install();
    this.instances = plan.instances.map((one) => new Instance(one, this.network));
    this.auditor = new Instance(auditorOf(plan.instances), this.network);
  }

  traceTo(listener: (line: string) => void): void {
    const begin = this.globals.nowMs;
    this.trace = (line) =>
      listener(`${String(this.steps).padStart(5)} ${((this.globals.nowMs - begin) / 1_000).toFixed(3)}s ${line}`);
    this.network.trace = this.trace;
  }

  moment(): Moment {
    return { step: ++this.steps, ms: this.globals.nowMs };
  }

  /** The span of a read, as an instance sees it: a replica may be behind. */
  seenBy({ client }: Instance, { start, end }: Span): Span {
    return { start: { ...start, step: start.step - client.lagSteps }, end };
  }

  /** Lets things happen, one at a time, until `isOver`. `begin` begins another call, if it may. */
  async drive(isOver: () => boolean, begin: () => boolean = () => false): Promise<void> {
    const { network, random, globals } = this;
    for (;;) {
      await quiescence();
      if (isOver()) return;
      if (++this.steps > MOST_STEPS) throw new Violation("It goes round in a circle");
      if (network.invalid !== undefined)
        throw new Violation(`DynamoDB refuses a request as not valid: ${network.invalid}`);
      const active = network.active();
      const late = network.calm ? [] : network.late();
      if (late.length > 0 && random.chance(0.04)) this.#arrive(random.pick(late));
      else if ((active.length === 0 || random.chance(0.2)) && begin()) continue;
      else if (active.length > 0 && !random.chance(network.calm ? 0 : 0.005)) {
        if (!network.calm) globals.nowMs += random.below(3);
        network.advance(network.calm ? active[0]! : random.pick(active));
      } else if (!this.#fireTimer()) throw new Violation("A call waits for nothing");
    }
  }

  #fireTimer(): boolean {
    const timer = this.globals.earliest();
    if (timer) this.globals.fire(timer);
    return timer !== undefined || this.network.active().length > 0;
  }

  #arrive(flight: Flight): void {
    if (this.random.chance(0.15)) return this.network.drop(flight);
    this.lateArrivals++;
    this.network.advance(flight);
  }

  /** All that is still on its way arrives, or never does. */
  async settle(): Promise<void> {
    for (let late = this.network.late(); late.length > 0; late = this.network.late()) {
      this.steps++;
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

  /** A call that waits until nothing else is under way, and nothing begins beside it. */
  isAlone(call: Call): boolean {
    return (
      call.kind === "jump" ||
      call.kind === "sweep" ||
      call.kind === "settle" ||
      (call.kind === "prune" && call.graceSeconds === 0)
    );
  }
}
