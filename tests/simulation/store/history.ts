import type { DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { StoreWorld, type Instance } from "./store-world.js";
import { WritesModel, type Read, type Written } from "./writes-model.js";

/*
 * A history of several instances of a store: puts with and without vectors and a ttl, deletions, gets and searches of a
 * few keys, one beside the other. In the end nothing is there but what was put.
 */

const NAMESPACES = [["a"], ["a", "b"], ["c"]];
const KEYS = ["k", "l"];
const HOUR_MS = 3_600_000;
const OF_FAULTS = new Set(["NETWORK", "TIMEOUT", "THROTTLED", "SERVICE_ERROR"]);

const placeOf = (namespace: string[], key: string): string => `${namespace.join("/")} ${key}`;

export interface Outcome {
  problem: string | undefined;
  requests: number;
  steps: number;
}

export async function runStoreHistory(seed: string, trace?: (line: string) => void): Promise<Outcome> {
  const world = new StoreWorld(seed);
  if (trace) world.trace = world.network.trace = (line) => trace(`${world.steps} ${line}`);
  let problem: string | undefined;
  try {
    await new History(world).run();
  } catch (error) {
    problem = (error as Error).stack ?? String(error);
  } finally {
    world.globals.uninstall();
  }
  return { problem, requests: world.network.requests, steps: world.steps };
}

class History {
  readonly #model = new WritesModel();
  readonly #instances: Instance[];
  #order = 0;
  #failed = 0;
  #problem: Error | undefined;

  constructor(private readonly world: StoreWorld) {
    const { random } = world;
    this.#instances = ["one", "two", "three"].map((name) => world.instance(name, (random.below(5) - 2) * 60_000));
  }

  async run(): Promise<void> {
    const { world } = this;
    const { random } = world;
    for (let round = 0; round < 3; round++) {
      let toBegin = 3 + random.below(10);
      let underWay = 0;
      const most = 1 + random.below(4);
      await world.drive(
        () => this.#problem !== undefined || (toBegin === 0 && underWay === 0),
        () => {
          if (toBegin === 0 || underWay >= most || this.#problem) return false;
          toBegin--;
          underWay++;
          this.#begin().then(
            () => underWay--,
            (error: unknown) => ((this.#problem ??= error as Error), underWay--),
          );
          return true;
        },
      );
      if (this.#problem) throw this.#problem;
      world.jump(random.pick([0, HOUR_MS / 30, HOUR_MS / 2, 2 * HOUR_MS]));
      if (random.chance(0.5)) world.sweep();
      // A new instance knows nothing.
      this.#instances[random.below(3)] = world.instance(`new ${round}`, (random.below(5) - 2) * 60_000);
    }
    world.network.calm = true;
    world.settle();
    await this.#audit();
  }

  async #begin(): Promise<void> {
    const { world } = this;
    const { random } = world;
    const instance = random.pick(this.#instances);
    const namespace = random.pick(NAMESPACES);
    const key = random.pick(KEYS);
    const order = this.#order++;
    const kind = random.weighted({ put: 5, delete: 3, get: 2, search: 2, nearest: 1 });
    const what = `${instance.client.name} ${kind} ${placeOf(namespace, key)} ${order}`;
    world.trace?.(`${what} begins`);
    if (kind === "put" || kind === "delete") {
      const ttlSeconds = random.chance(0.2) ? 3_600 : undefined;
      const isShort = random.chance(0.5);
      const value = { n: order, text: isShort ? "a" : "abc" };
      const written: Written = {
        place: placeOf(namespace, key),
        n: kind === "put" ? order : null,
        by: instance.client.name,
        order,
        start: world.steps++,
        end: Infinity,
        isAcknowledged: false,
        endsMs: kind === "put" && ttlSeconds ? world.nowMs + ttlSeconds * 1_000 : Infinity,
      };
      this.#model.writes.push(written);
      await this.#attempt(instance, what, async (store) => {
        if (kind === "delete") await store.delete(namespace, key);
        else await store.put(namespace, key, value, isShort ? false : undefined, { ttlSeconds });
        written.isAcknowledged = true;
      });
      written.end = world.steps++;
      return;
    }
    const read = this.#reading();
    const found = await this.#attempt(instance, what, async (store) => {
      if (kind === "get") return [await store.get(namespace, key)];
      return store.search(namespace.slice(0, 1), { limit: 50, ...(kind === "nearest" && { query: "abc" }) });
    });
    if (!found) return;
    const done = read();
    const places =
      kind === "get"
        ? [placeOf(namespace, key)]
        : NAMESPACES.filter(([first]) => first === namespace[0]).flatMap((one) => KEYS.map((k) => placeOf(one, k)));
    this.#check(what, places, found, done);
  }

  #reading(): () => Read {
    const { world } = this;
    const [start, startMs] = [world.steps++, world.nowMs];
    return () => ({ start, startMs, end: world.steps++, endMs: world.nowMs });
  }

  #check(
    what: string,
    places: string[],
    found: ({ namespace: string[]; key: string; value: Record<string, unknown> } | null)[],
    read: Read,
  ): void {
    const byPlace = new Map(
      found.flatMap((one) => (one ? [[placeOf(one.namespace, one.key), one.value.n as number]] : [])),
    );
    if (byPlace.size < found.filter(Boolean).length) throw new Error(`${what} finds an item twice`);
    for (const place of places) {
      const n = byPlace.get(place) ?? null;
      if (!this.#model.allows(place, n, read)) throw new Error(`${what}: ${place} is ${n}, which it must not be`);
    }
  }

  async #attempt<T>(
    instance: Instance,
    what: string,
    call: (store: DynamoDBStore) => Promise<T>,
  ): Promise<T | undefined> {
    const { faults } = instance.client;
    try {
      return await this.world.by(instance, call);
    } catch (error) {
      const { code = "", message } = error as Error & { code?: string };
      this.world.trace?.(`${what} fails with ${code}`);
      this.#failed++;
      if (instance.client.faults > faults && OF_FAULTS.has(code)) return undefined;
      throw new Error(`${what} fails with ${code}: ${message}`, { cause: error });
    }
  }

  async #audit(): Promise<void> {
    const { world } = this;
    const auditor = world.instance("auditor", 0);
    world.trace?.("audit");
    const all = NAMESPACES.flatMap((namespace) => KEYS.map((key) => ({ namespace, key })));
    const places = all.map(({ namespace, key }) => placeOf(namespace, key));
    const read = this.#reading();
    const listed = await world.calmly(auditor, (store) => store.listNamespaces());
    const got = await world.calmly(auditor, (store) => store.batch(all));
    const found = await world.calmly(auditor, (store) => store.search([], { limit: 50 }));
    this.#check("the last gets", places, got, read());
    const sorted = (some: unknown[]): string[] => some.map((one) => JSON.stringify(one)).sort();
    const expectSame = (what: string, a: unknown[], b: unknown[]): void => {
      if (sorted(a).join() !== sorted(b).join())
        throw new Error(`${what}: ${sorted(a).join()} and ${sorted(b).join()}`);
    };
    const there = got.filter((one) => one !== null);
    expectSame(
      "what is found and what is got",
      found.map(({ score: _, ...one }) => one),
      there,
    );
    const holding = NAMESPACES.filter((namespace) =>
      there.some((one) => placeOf(one.namespace, "") === placeOf(namespace, "")),
    );
    // A put that has failed half way may leave an empty namespace until somebody searches it.
    if (this.#failed === 0) expectSame("what is listed at first", listed, holding);
    for (const hours of [0, 3, 3]) {
      world.jump(hours * HOUR_MS);
      await world.calmly(auditor, (store) => store.search([], { limit: 50 }));
    }
    world.table.sweep(world.nowMs / 1_000, () => true);
    const left = (await world.calmly(auditor, (store) => store.search([], { limit: 50 }))).map(({ namespace, key }) => [
      `N#${namespace.join("/")}/ I#${key}`,
      `N#${namespace.join("/")}/ O#${key}`,
      `NAMESPACES#0 N#${namespace.join("/")}/`,
    ]);
    const items = world.table.items();
    const borns = new Set(items.flatMap(({ PK, born }) => (born ? [`${PK!.S as string} ${born.S as string}`] : [])));
    const isSegment = (sk: string): boolean => sk.startsWith("S#");
    expectSame(
      "what is left in the table and what belongs there",
      items.flatMap(({ PK, SK }) =>
        isSegment(SK!.S as string) ? [] : [`${PK!.S as string} ${(SK!.S as string).replace(/^O#\d+#/, "O#")}`],
      ),
      [...new Set(left.flat())],
    );
    // What a put that failed has stored, or what arrives after its version was replaced, nobody refers to.
    if (this.#failed + world.lateArrivals > 0) return;
    const lost = items.filter(
      ({ PK, SK }) =>
        isSegment(SK!.S as string) && !borns.has(`${PK!.S as string} ${(SK!.S as string).split("#")[1]!}`),
    );
    if (lost.length > 0) throw new Error(`Segments are left: ${lost.map(({ SK }) => SK!.S as string).join()}`);
  }
}
