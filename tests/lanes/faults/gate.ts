import type { Fetch } from "langgraph-checkpoint-dynamodb";
import { intercepted, type AwsRequest } from "../stored/aws-requests.js";
import type { SaverOptions } from "../savers/harness.js";

/** Lets requests through, holds them, or fails them. */
export class Gate {
  readonly fetch: Fetch;
  #state: "open" | "recording" | "holding" | "closed" = "open";
  readonly #awaited = new Set<string>();
  readonly #counts = new Map<string, number>();
  #held: { name: string; forward: AwsRequest["forward"]; fail: (error: Error) => void }[] = [];
  /** What was held at any time. */
  readonly heldOnce: string[] = [];
  /** What went through while recording, in this order. */
  readonly recorded: string[] = [];
  #underWay = 0;
  #lastRecorded: Promise<unknown> = Promise.resolve();
  readonly #keyPrefix: string;
  #wake = (): void => undefined;

  constructor({ keyPrefix = "", fetch }: Partial<SaverOptions>) {
    this.#keyPrefix = keyPrefix;
    this.fetch = intercepted((request) => this.#meet(request), fetch).fetch;
  }

  /** From now on, one request after the other goes through. */
  record(): void {
    this.#state = "recording";
  }

  /** From now on, only these requests go through. */
  hold(done: string[]): void {
    for (const name of done) this.#awaited.add(name);
    this.#state = "holding";
  }

  /** Whether every request that goes through has been answered. */
  get delivered(): boolean {
    return this.#awaited.size === 0 && this.#underWay === 0;
  }

  /** The names of the requests that were sent and not answered. */
  get held(): string[] {
    return this.#held.map(({ name }) => name).sort();
  }

  /** Waits for something that comes with a request, or with the end of the call. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((wake, giveUp) => {
        const timer = setTimeout(
          () =>
            giveUp(
              new Error(
                "Nothing happened for 30 seconds. Still to come: " +
                  `${[...this.#awaited].join(", ") || "the next request"}.`,
              ),
            ),
          30_000,
        );
        this.#wake = () => (clearTimeout(timer), wake());
      });
    }
  }

  /** Looks again at what is waited for. */
  changed(): void {
    this.#wake();
  }

  /** All that is sent fails, and so do the answers of what is under way, whether or not it arrives. */
  async release(how: "arrive" | "fail"): Promise<void> {
    this.#state = "closed";
    const held = this.#held;
    this.#held = [];
    for (const { forward, fail } of held) {
      if (how === "arrive") await (await forward()).arrayBuffer();
      fail(cutOff());
    }
  }

  /** From now on, everything goes through. */
  open(): void {
    this.#state = "open";
  }

  async #meet(request: AwsRequest): Promise<Response> {
    if (this.#state === "open") return request.forward();
    if (this.#state === "closed") throw cutOff();
    const name = this.#nameOf(request);
    if (this.#state === "recording") {
      const answer = this.#lastRecorded.then(() => answered(request));
      this.#lastRecorded = answer.then(() => this.recorded.push(name));
      return answer;
    }
    if (!this.#awaited.delete(name)) {
      return new Promise((_, fail) => {
        this.#held.push({ name, forward: request.forward, fail });
        this.heldOnce.push(name);
        this.changed();
      });
    }
    this.#underWay++;
    const response = await answered(request);
    this.#underWay--;
    this.changed();
    return response;
  }

  /**
   * The same for the same request in every world: its operation, its keys but for what is random in them, and which one
   * of these it is.
   */
  #nameOf(request: AwsRequest): string {
    const keys = keysOf(request).map((key) =>
      key
        .replace(this.#keyPrefix, "")
        .replace(SEGMENT, "$1#$2")
        .replace(SEGMENTS, "$1#")
        .replace(CHECKPOINT, "$1")
        .replace(TRASH, "G#")
        .replace(ORDER, "O#"),
    );
    const name = [request.operation, ...keys].join(" ");
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  }
}

/** The whole answer, so that nothing of it is under way any more. */
async function answered(request: AwsRequest): Promise<Response> {
  const response = await request.forward();
  const body = await response.arrayBuffer();
  return new Response(body.byteLength > 0 ? body : null, response);
}

/** Of a segment, or a pointer to it: the thread's incarnation stands before its hash, and the place in S3 behind it. */
const SEGMENT = /^([SP])#(?:[\w-]*#)?([\w-]{43}).*/;

/** Of all segments that were stored together. */
const SEGMENTS = /^([SP])#[\w-]{0,6}#$/;

/** Of a checkpoint, of writes of a task or of a head: the thread's incarnation stands behind it. */
const CHECKPOINT = /^(C#[^#]*#[^#]*#(?:~|W#[^#]*)|H#[^#]*).*$/s;

/** A list of what is to be freed has a random name. */
const TRASH = /^G#[\w-]+/;

/** An order pointer of the store has a time. */
const ORDER = /^O#\d+#/;

/** Sort keys, or the hashes at the end of object keys. */
function keysOf({ operation, url, bytes }: AwsRequest): string[] {
  if (operation === "PutObject" || operation === "GetObject") return [url.pathname.slice(-43)];
  const pattern =
    operation === "DeleteObjects"
      ? /([\w-]{43})<\/Key>/g
      : operation === "Query"
        ? /:\{"S":"([^"]*)"/g
        : /"SK":\{"S":"([^"]*)"/g;
  return Array.from(new TextDecoder().decode(bytes).matchAll(pattern), ([, key]) => key!);
}

const cutOff = (): TypeError => new TypeError("cut off by the test");
