import nodeCrypto from "node:crypto";
import type { Random } from "../../lanes/hostile/random.js";
import type { SimulatedBucket } from "./bucket.js";
import type { Client, Fault, FaultShares } from "./clients.js";
import { ServiceError } from "./service-error.js";
import type { Input } from "./inputs.js";
import { answerOf, beginsThread, dated, errorOf, read, refusal, type Request } from "./protocol.js";
import { describe } from "./requests.js";
import type { Write } from "./keys.js";
import type { SimulatedTable } from "./table.js";

/** A signature is good for so long ("Troubleshooting AWS Signature Version 4", "Authenticating Requests" of S3). */
const SIGNED_FOR_MS = { table: 300_000, bucket: 900_000 };

export interface Flight {
  id: number;
  client: Client;
  request: Request;
  fate: Fault | undefined;
  /** The caller has gone on. */
  late: boolean;
  sentMs: number;
  /** Of a batch of writes: those that are still to be done. */
  rest?: Write[];
  answer?: Response;
  resolve: (answer: Response) => void;
  reject: (error: Error) => void;
}

/** Whether nothing can come of a request while its caller stands still. */
const waits = ({ answer, fate }: Flight): boolean => answer !== undefined || fate !== undefined;

/** Carries requests, each a few steps, of which the world decides the order. */
export class Network {
  readonly flights: Flight[] = [];
  /** What has happened, where somebody listens. */
  trace: ((line: string) => void) | undefined;
  /** No fault from now on. */
  calm = false;
  readonly hash = nodeCrypto.createHash("sha256");
  requests = 0;
  readonly faults: Partial<Record<Fault, number>> = {};

  constructor(
    readonly table: SimulatedTable,
    readonly bucket: SimulatedBucket,
    readonly random: Random,
    readonly shares: FaultShares,
    readonly step: () => number,
  ) {}

  /** The option `fetch` of an instance. */
  fetchOf(client: Client): (url: string, init: RequestInit) => Promise<Response> {
    return (url, init) =>
      new Promise((resolve, reject) => {
        const flight: Flight = {
          id: ++this.requests,
          client,
          request: read(url, init),
          fate: this.#fate(),
          late: false,
          sentMs: Date.now() - (client.skewMs ?? 0),
          resolve: (answer) => resolve(dated(answer, Date.now() - (client.skewMs ?? 0))),
          reject,
        };
        if (flight.fate) {
          client.faults++;
          this.faults[flight.fate] = (this.faults[flight.fate] ?? 0) + 1;
        }
        init.signal?.addEventListener("abort", () => {
          if (!this.flights.includes(flight) || flight.late) return;
          flight.late = true;
          client.faults++;
          this.#note(flight, "is given up");
        });
        this.flights.push(flight);
        this.#note(flight, `sends ${describe(flight.request)}`);
      });
  }

  #fate(): Fault | undefined {
    if (this.calm) return undefined;
    let left = this.random.next();
    for (const [fault, share] of Object.entries(this.shares) as [Fault, number][])
      if ((left -= share) < 0) return fault;
    return undefined;
  }

  #note(flight: Flight, what: string): void {
    this.trace?.(`${flight.client.name} #${flight.id} ${what}`);
  }

  /** Those that a step can take further: one that hangs waits until its caller gives up. */
  active(): Flight[] {
    return this.flights.filter((one) => !one.late && one.fate !== "hung" && !(one.client.isAsleep && waits(one)));
  }

  /** A machine ends: what it has sent may arrive, and nobody waits for it. */
  abandon(client: Client): void {
    for (const flight of [...this.flights]) {
      if (flight.client !== client || flight.late) continue;
      flight.late = true;
      if (flight.answer) this.drop(flight);
    }
  }

  late(): Flight[] {
    return this.flights.filter(({ late }) => late);
  }

  /** What was given up so long ago that its signature is no longer good never arrives. */
  dropExpired(): void {
    for (const flight of this.late()) if (this.hasExpired(flight)) this.drop(flight);
  }

  hasExpired({ sentMs, request }: Flight): boolean {
    return Date.now() - sentMs > SIGNED_FOR_MS[request.to];
  }

  drop(flight: Flight): void {
    this.#note(flight, "never arrives");
    this.#remove(flight);
  }

  #remove(flight: Flight): void {
    const place = this.flights.indexOf(flight);
    if (place >= 0) this.flights.splice(place, 1);
  }

  #fail(flight: Flight, what: string): void {
    this.#note(flight, what);
    flight.reject(new TypeError(what));
  }

  /** Takes a request one step further. */
  advance(flight: Flight): void {
    if (flight.answer) return this.#deliver(flight);
    const { fate, request } = flight;
    if (!flight.late) {
      if (fate === "lost") {
        this.#remove(flight);
        return this.#fail(flight, "is lost");
      }
      if (fate === "late") {
        flight.late = true;
        return this.#fail(flight, "is late");
      }
      if (fate === "throttled" || (fate === "failed" && this.random.chance(0.5))) {
        this.#remove(flight);
        this.#note(flight, fate === "failed" ? "meets an error of the service" : "is throttled");
        return flight.resolve(refusal(fate, request));
      }
    }
    if (!this.#apply(flight)) return;
    if (fate === "double" && !flight.late && !beginsThread(request)) {
      const { client, sentMs } = flight;
      this.flights.push({
        id: ++this.requests,
        client,
        request,
        fate: undefined,
        late: true,
        sentMs,
        resolve: () => undefined,
        reject: () => undefined,
      });
    }
    flight.answer = !flight.late && fate === "failed" ? refusal(fate, request) : this.#answer!;
    if (flight.late) return this.#remove(flight);
    if (fate === "answerLost") {
      this.#remove(flight);
      return this.#fail(flight, "gets no answer");
    }
    // An answer can be on its way for a while.
    if (this.random.chance(0.6) && !flight.client.isAsleep) this.#deliver(flight);
  }

  #deliver(flight: Flight): void {
    this.#remove(flight);
    flight.resolve(flight.answer!);
  }

  #answer: Response | undefined;

  /** Does what is asked, or a part of it: false when there is more to do. */
  #apply(flight: Flight): boolean {
    const { request, client } = flight;
    let answered: string;
    if (request.to === "bucket") {
      const { status, body, headers } = this.bucket.call({ ...request, body: request.bytes, late: flight.late });
      this.#answer = answerOf(status, body, headers);
      answered = String(status);
    } else {
      try {
        const output =
          request.operation === "BatchWriteItem"
            ? this.#writeSome(flight, request.input)
            : this.#call(flight, request.operation, request.input, client);
        if (!output) return false;
        answered = JSON.stringify(output);
        this.#answer = answerOf(200, answered);
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        answered = error.code;
        this.#answer = errorOf(400, error.code, error.message, error.item);
        // Nothing but a condition that is not met is refused in the world: the rest is a fault of the saver or of the
        // table.
        if (error.code === "ValidationException") this.invalid ??= `${request.operation}: ${error.message}`;
      }
    }
    this.hash.update(`${flight.id} ${flight.late} ${answered}`).update(request.bytes);
    this.#note(
      flight,
      `${flight.late ? "arrives late" : "is done"}: ${answered.length > 60 ? `${answered.length} bytes` : answered}`,
    );
    return true;
  }

  /** What DynamoDB refused as not valid. */
  invalid: string | undefined;

  #call({ fate }: Flight, operation: string, input: Input, { lagSteps }: Client): object {
    const asOf = lagSteps === 0 ? Infinity : this.step() - this.random.below(lagSteps + 1);
    return this.table.call(operation, input, asOf, fate === "unprocessed" ? this.random.next() : 1);
  }

  /** A batch is no transaction: its writes are done one by one, with others between them. */
  #writeSome(flight: Flight, input: Input): object | undefined {
    flight.rest ??= this.table.batch(input);
    const many = 1 + this.random.below(flight.rest.length);
    for (let i = 0; i < many; i++) this.table.write(flight.rest.splice(this.random.below(flight.rest.length), 1)[0]!);
    if (flight.rest.length > 0 && flight.fate !== "unprocessed") return undefined;
    const [table] = Object.keys(input.RequestItems as object);
    return { UnprocessedItems: flight.rest.length > 0 ? { [table!]: flight.rest } : {} };
  }
}
