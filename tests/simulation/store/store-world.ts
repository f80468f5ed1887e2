import { AsyncLocalStorage } from "node:async_hooks";
import { DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { Random } from "../../lanes/hostile/random.js";
import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
import { SimulatedBucket } from "../world/bucket.js";
import { quiescence, VirtualGlobals } from "../world/globals.js";
import { Network, type Client } from "../world/network.js";
import { SimulatedTable } from "../world/table.js";

const MOST_STEPS = 60_000;
/** AWS refuses signatures that are older. */
const SIGNED_FOR_MS = 15 * 60_000;
/** Vectors of so many numbers are segments of their own. */
const DIMS = 300;

/** By how much the clock of who is running is ahead. */
const ahead = new AsyncLocalStorage<number>();

export interface Instance {
  store: DynamoDBStore;
  client: Client;
  aheadMs: number;
}

/** One table, the stores that use it, with clocks that differ, and a network that delays, loses and doubles. */
export class StoreWorld {
  steps = 0;
  lateArrivals = 0;
  readonly globals: VirtualGlobals;
  readonly table: SimulatedTable;
  readonly network: Network;
  readonly random: Random;
  trace: ((line: string) => void) | undefined;

  constructor(seed: string) {
    this.random = new Random(`world ${seed}`);
    this.globals = new VirtualGlobals(`chance ${seed}`);
    const step = (): number => this.steps;
    const pageBytes = this.random.pick([300, 3_000, 1_048_576]);
    this.table = new SimulatedTable(pageBytes, step);
    const share = this.random.pick([0, 0.02, 0.06]);
    const shares = {
      lost: share,
      answerLost: share,
      late: share,
      hung: share / 4,
      double: share,
      failed: share / 2,
      throttled: share / 4,
      unprocessed: share,
    };
    this.network = new Network(
      this.table,
      new SimulatedBucket("bucket", step),
      new Random(`network ${seed}`),
      shares,
      step,
    );
    this.globals.install();
    const now = Date.now;
    Date.now = () => now() + (ahead.getStore() ?? 0);
  }

  instance(name: string, aheadMs: number): Instance {
    const client = { name, faults: 0, lagSteps: 0 };
    const store = new DynamoDBStore({
      tableName: "checkpoints",
      region: "us-east-1",
      credentials: { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" },
      endpoint: "http://127.0.0.1:8000",
      fetch: this.network.fetchOf(client),
      maxAttempts: 3,
      compression: "none",
      index: { dims: DIMS, embeddings: new LettersEmbeddings(DIMS), fields: ["text"] },
    });
    return { store, client, aheadMs };
  }

  /** Runs a call by the clock of its instance. */
  by<T>({ aheadMs, store }: Instance, call: (store: DynamoDBStore) => Promise<T>): Promise<T> {
    return ahead.run(aheadMs, () => call(store));
  }

  get nowMs(): number {
    return this.globals.nowMs;
  }

  /** Lets things happen, one at a time, until `isOver`. */
  async drive(isOver: () => boolean, begin: () => boolean = () => false): Promise<void> {
    const { network, random, globals } = this;
    for (;;) {
      await quiescence();
      if (isOver()) return;
      if (++this.steps > MOST_STEPS) throw new Error("It goes round in a circle");
      if (network.invalid !== undefined) throw new Error(`DynamoDB refuses a request as not valid: ${network.invalid}`);
      const active = network.active();
      const late = network.calm ? [] : network.late();
      if (late.length > 0 && random.chance(0.06)) this.#arrive(random.pick(late));
      else if ((active.length === 0 || random.chance(0.2)) && begin()) continue;
      else if (active.length > 0 && !random.chance(network.calm ? 0 : 0.005)) {
        globals.nowMs += random.below(3);
        network.advance(network.calm ? active[0]! : random.pick(active));
      } else {
        const timer = globals.earliest();
        if (timer) globals.fire(timer);
        else if (active.length === 0) throw new Error("A call waits for nothing");
      }
    }
  }

  #arrive(flight: ReturnType<Network["late"]>[number]): void {
    if (this.random.chance(0.15)) return this.network.drop(flight);
    this.lateArrivals++;
    this.network.advance(flight);
  }

  /** A call without faults. */
  async calmly<T>(instance: Instance, call: (store: DynamoDBStore) => Promise<T>): Promise<T> {
    let isOver = false;
    const over = (): void => void (isOver = true);
    const called = this.by(instance, call);
    called.then(over, over);
    await this.drive(() => isOver);
    return called;
  }

  /** Time goes on. What was given up long ago never arrives. */
  jump(ms: number): void {
    this.globals.nowMs += ms;
    for (const flight of this.network.late()) if (this.nowMs - flight.sentMs > SIGNED_FOR_MS) this.network.drop(flight);
  }

  /** All that is still on its way arrives, or never does. */
  settle(): void {
    for (let late = this.network.late(); late.length > 0; late = this.network.late())
      this.#arrive(this.random.pick(late));
  }

  sweep(): void {
    this.table.sweep(this.nowMs / 1_000, () => this.random.chance(0.7));
  }
}
