import {
  isDynamoDBSaverError,
  type AwsRequestError,
  type DynamoDBSaver,
  type Fetch,
} from "langgraph-checkpoint-dynamodb";
import { renewing } from "../faults/fault-scenario.js";
import { PASSING_FAULTS } from "../faults/faults.js";
import { seeded, withFaults, type Chooser, type Faults } from "../faults/with-faults.js";
import { createSaver, credentials, type SaverOptions } from "../savers/harness.js";

/** A process with a saver of its own. It can be killed, and then another takes its place that has nothing cached. */
export interface Instance {
  /** For messages. */
  name: string;
  saver: DynamoDBSaver;
  isKilled: () => boolean;
  kill: () => void;
  /** Waits for requests that the saver has given up and that may still take effect. */
  settled: () => Promise<unknown>;
}

export interface InstancesOptions {
  /** Of every saver. */
  saver: Partial<SaverOptions>;
  seed: string;
  /** Share of all requests that meet a fault. */
  share: number;
}

/** The instances that serve the same threads. */
export class Instances {
  readonly #places: { faults: Faults | undefined; instance: Instance }[];
  readonly #options: InstancesOptions;
  #started = 0;

  constructor(options: InstancesOptions) {
    this.#options = options;
    // Two that share a network, two with one each, and one whose network is fine.
    const networks = ["shared", "own 1", "own 2"].map((name) =>
      withFaults(nemesis(`${options.seed} ${name}`, options.share), plain),
    );
    this.#places = [networks[0], networks[0], networks[1], networks[2], undefined].map((faults) => ({
      faults,
      instance: this.start(faults),
    }));
  }

  get count(): number {
    return this.#places.length;
  }

  at(place: number): Instance {
    return this.#places[place]!.instance;
  }

  /** Puts a new instance in the place of one, whose calls go on. */
  restart(place: number): void {
    this.#places[place]!.instance = this.start(this.#places[place]!.faults);
  }

  /** The network of a place, for a new instance; `undefined` where it is fine. */
  networkOf(place: number): Faults | undefined {
    return this.#places[place]!.faults;
  }

  /** A new instance. Without faults its network is fine. */
  start(faults?: Faults): Instance {
    const fetch = faults?.fetch ?? plain;
    const controller = new AbortController();
    const givenUp = new Set<Promise<unknown>>();
    // A request that is on its way does not come back because the saver has lost interest.
    const patient: Fetch = (url, init) => {
      const answer = fetch(url, init);
      let isUnderWay = true;
      const isOver = answer
        .catch(() => undefined)
        .finally(() => {
          isUnderWay = false;
          givenUp.delete(isOver);
        });
      init.signal!.addEventListener("abort", () => isUnderWay && givenUp.add(isOver), { once: true });
      return answer;
    };
    const saver = createSaver({
      // Where nobody answers on purpose, it is waited for; elsewhere a busy machine may take its time.
      requestTimeoutMs: faults ? 500 : 30_000,
      ...this.#options.saver,
      credentials: renewing(credentials()).credentials,
      fetch: patient,
      signal: controller.signal,
    });
    return {
      name: `instance ${++this.#started}`,
      saver,
      isKilled: () => controller.signal.aborted,
      kill: () => controller.abort(),
      settled: () => Promise.all([...givenUp, ...(faults?.late ?? [])]),
    };
  }

  /** How often each fault was met. */
  injected(): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const faults of new Set(this.#places.flatMap((place) => place.faults ?? []))) {
      for (const [name, count] of Object.entries(faults.injected)) sums[name] = (sums[name] ?? 0) + count;
    }
    return sums;
  }
}

/**
 * All faults that another attempt survives, but two of S3. An upload that arrives after `deleteThread` stays in the
 * bucket, which docs/storage.md says. An object that was changed on its way is only known by its content: it is read
 * once more, and if that happens again it counts as damaged.
 */
function nemesis(seed: string, share: number): Chooser {
  const choose = seeded({ seed, share, kinds: PASSING_FAULTS });
  return (request) => {
    const name = choose(request);
    if (request.operation === "PutObject" && name === "lateRequest") return undefined;
    const isUnseen = name === "garbledAnswer" || name === "shortAnswer" || name === "strangersPage";
    return isUnseen && request.operation === "GetObject" ? undefined : name;
  };
}

/** Does not pass the signal on: what the server has got, it does. */
const plain: Fetch = (url, { signal: _, ...init }) => fetch(url, init);

/** Errors in which an outage may end. Anything else, above all an error about stored data, is a violation. */
export function isOutage(error: unknown, instance: Instance): boolean {
  if (!isDynamoDBSaverError(error)) return false;
  if (error.code === "ABORTED") return instance.isKilled();
  const { code, retryable, serviceCode = "" } = error as AwsRequestError;
  if (["THROTTLED", "TIMEOUT", "NETWORK"].includes(code)) return true;
  return (
    retryable ||
    ["ExpiredTokenException", "ExpiredToken", "InvalidSignatureException", "RequestTimeTooSkewed"].includes(serviceCode)
  );
}
