import { toJson } from "./json.js";

/** A server-sent event whose data is JSON already. */
export interface ServerEvent {
  id?: string | undefined;
  event: string;
  data: string;
}

const HEARTBEAT_MS = 5_000;
/** So many characters wait for a client that does not read; then it is cut off. */
const MAX_WAITING_CHARS = 4 * 1_048_576;
/** A log that was stored already waits for its reader this long. */
const ROOM_MS = 30_000;
const encoder = new TextEncoder();

const frameOf = ({ id, event, data }: ServerEvent): string =>
  `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`;

/** What waits for what comes, of one request. */
class Bell {
  #ring: (() => void) | undefined;

  /** Until it rings, or this long. */
  async wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#ring = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#ring = undefined;
  }

  ring(): void {
    this.#ring?.();
  }
}

/** Events from where they are made to where they are read, in one request. */
export class EventQueue {
  readonly #events: ServerEvent[] = [];
  readonly #bell = new Bell();
  readonly #room = new Bell();
  #chars = 0;
  #isClosed = false;
  #failure: Error | undefined;
  #isLeft = false;
  /** Is called when the client is left, or cut off. */
  onLeft: (() => void) | undefined;
  /** The id of the last event. */
  last = -1n;

  /** Nobody reads any more. */
  get isLeft(): boolean {
    return this.#isLeft;
  }

  push(event: ServerEvent): void {
    if (event.id !== undefined) this.last = BigInt(event.id);
    if (this.#isLeft) return;
    if (this.#isFull) {
      // It gets what waits for it, and can join again behind that.
      this.close(new Error("The client reads too slowly."));
      return this.leave();
    }
    this.#events.push(event);
    this.#chars += event.data.length;
    this.#bell.ring();
  }

  get #isFull(): boolean {
    return this.#chars >= MAX_WAITING_CHARS;
  }

  /** Waits for the client to read, where much waits for it. */
  async room(): Promise<void> {
    if (this.#isFull && !this.#isLeft) await this.#room.wait(ROOM_MS);
  }

  leave(): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    this.#room.ring();
    this.onLeft?.();
  }

  /** @param failure with which the connection breaks, so that a client joins again */
  close(failure?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#failure = failure;
    this.#bell.ring();
  }

  /** The next events; `undefined` after the last; none where there was nothing for some time. */
  async next(ms: number): Promise<ServerEvent[] | undefined> {
    if (this.#events.length === 0 && !this.#isClosed) await this.#bell.wait(ms);
    if (this.#events.length > 0) {
      this.#chars = 0;
      this.#room.ring();
      return this.#events.splice(0);
    }
    if (this.#failure) throw this.#failure;
    return this.#isClosed ? undefined : [];
  }
}

/**
 * A response that begins at once, and gives what comes.
 * @param next what comes; none where there is nothing for now; `undefined` after the last
 * @param idle is sent where there is nothing
 */
function streamed(
  next: (ms: number) => Promise<string[] | undefined>,
  idle: string,
  headers: Record<string, string>,
  onLeft: () => void,
): Response {
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const parts = await next(HEARTBEAT_MS);
        if (!parts) controller.close();
        else controller.enqueue(encoder.encode(parts.length === 0 ? idle : parts.join("")));
      } catch (error) {
        controller.error(error);
      }
    },
    cancel: onLeft,
  });
  return new Response(body, { headers: { "cache-control": "no-store", "x-accel-buffering": "no", ...headers } });
}

export function eventStream(queue: EventQueue, headers: Record<string, string>, onLeft?: () => void): Response {
  if (queue.isLeft) onLeft?.();
  else queue.onLeft = onLeft;
  return streamed(
    async (ms) => (await queue.next(ms))?.map(frameOf),
    ": heartbeat\n\n",
    { "content-type": "text/event-stream", ...headers },
    () => queue.leave(),
  );
}

/** Waits for one value: line feeds until then, which JSON may begin with. */
export function waiting(
  value: Promise<unknown>,
  headers: Record<string, string>,
  onLeft: () => void = () => undefined,
): Response {
  let result: string | undefined;
  let isSent = false;
  const bell = new Bell();
  void value
    .catch(() => ({ __error__: { error: "Error", message: "The server failed." } }))
    .then((known) => {
      result = toJson(known ?? null);
      bell.ring();
    });
  const next = async (ms: number): Promise<string[] | undefined> => {
    if (isSent) return undefined;
    if (result === undefined) await bell.wait(ms);
    if (result === undefined) return [];
    isSent = true;
    return [result];
  };
  return streamed(next, "\n", { "content-type": "application/json", ...headers }, onLeft);
}
