import type { Fetch } from "langgraph-checkpoint-dynamodb";
import { intercepted, type AwsRequest } from "../stored/aws-requests.js";
import type { FaultyRequest } from "./fault-answers.js";
import { applies, faultOf, PASSING_FAULTS, type FaultName } from "./faults.js";
import { Random } from "../hostile/random.js";

/* A `fetch` that meets faults, and what chooses which. */

/** Says which fault a request meets, if any. */
export type Chooser = (request: AwsRequest) => FaultName | undefined;

/** Every request meets this fault, at every attempt. */
export const always =
  (name: FaultName): Chooser =>
  (request) =>
    applies(name, request) ? name : undefined;

/** Every request meets this fault once, the first time that it is sent. */
export function onFirstAttempt(name: FaultName): Chooser {
  const seen = new Set<string>();
  return (request) => {
    // A thread's marker is offered another name at each attempt.
    const body = request.body.replace(/":born":\{"B":"[^"]*"\}/, "");
    const identity = `${request.method} ${request.url.href} ${request.operation} ${body}`;
    if (!applies(name, request) || seen.has(identity)) return undefined;
    seen.add(identity);
    return name;
  };
}

/**
 * Some share of all attempts meets one of these faults. The same seed and the same order of requests: the same faults.
 */
export function seeded({
  seed,
  share,
  kinds,
}: {
  seed: string | number;
  share: number;
  kinds: readonly FaultName[];
}): Chooser {
  const random = new Random(seed);
  return (request) => {
    // Always two numbers a request, so that what one request is does not change what others meet.
    const [met, which] = [random.chance(share), random.next()];
    const possible = met ? kinds.filter((name) => applies(name, request)) : [];
    return possible[Math.floor(which * possible.length)];
  };
}

export interface Faults {
  fetch: Fetch;
  /** How often each was met so far. */
  injected: Partial<Record<FaultName, number>>;
  /** Requests that are still on their way, although the saver has given them up. */
  late: ReadonlySet<Promise<unknown>>;
}

/** A `fetch` whose requests meet the faults that `choose` says. */
export function withFaults(choose: Chooser, next: Fetch = (url, init) => fetch(url, init)): Faults {
  const injected: Faults["injected"] = {};
  const late = new Set<Promise<unknown>>();
  return {
    injected,
    late,
    fetch: (url, init) => {
      const meet = (request: AwsRequest): Promise<Response> | undefined => {
        const name = choose(request);
        if (name === undefined) return undefined;
        injected[name] = (injected[name] ?? 0) + 1;
        const forward: FaultyRequest["forward"] = (body) =>
          next(url, body ? { ...init, body: body as Uint8Array<ArrayBuffer> } : init);
        const forwardLate = (): void => {
          // The attempt after it gets there first.
          const sent = new Promise((resolve) => setTimeout(resolve, 30)).then(() =>
            next(url, { ...init, signal: null }),
          );
          const isOver = sent
            .then((answer) => answer.arrayBuffer())
            .catch(() => undefined)
            .finally(() => late.delete(isOver));
          late.add(isOver);
        };
        return faultOf(name).meet({ ...request, forward, forwardLate });
      };
      // One for each request: it would keep every body of an hour otherwise.
      return intercepted(meet, next).fetch(url, init);
    },
  };
}

/** A `fetch` that is unreliable in a way that can be repeated. */
export const chaos = ({
  seed,
  share,
  kinds = PASSING_FAULTS,
  next,
}: {
  seed: string | number;
  share: number;
  kinds?: readonly FaultName[];
  next?: Fetch;
}): Faults => withFaults(seeded({ seed, share, kinds }), next);
