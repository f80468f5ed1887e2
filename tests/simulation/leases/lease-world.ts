import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { keyOf, TABLE_NAME } from "../calls/instances.js";
import type { Span } from "../model/records.js";
import { fail, keyPart, Violation } from "../model/shown.js";
import type { Client } from "../world/clients.js";
import { DYNAMODB_URL } from "../world/protocol.js";
import { Stage } from "../world/stage.js";
import { OF_FAULTS } from "../calls/attempt.js";
import { LeaseJudge } from "./judge.js";
import type { LeasePlan, MachinePlan, Trouble } from "./plan.js";
import { LeaseModel } from "./records.js";

/** A process with one saver, on a machine with a clock of its own. */
export interface Process {
  plan: MachinePlan;
  client: Client;
  saver: DynamoDBSaver;
  /** Resolves when it dies. */
  dead: Promise<void>;
  die: () => void;
  isDead: boolean;
}

/** The savers that take leases on the threads of one table. */
export class LeaseWorld extends Stage {
  readonly model = new LeaseModel();
  readonly judge = new LeaseJudge(this.model, (thread) => this.tokenOf(thread));
  readonly processes: Process[];
  readonly auditor: Process;
  readonly #due: { step: number; process: Process; trouble: Trouble; tell: () => void }[] = [];
  /** Machines that have stood still. */
  readonly stood = new Set<Client>();
  #ids = 0;

  constructor(readonly plan: LeasePlan) {
    super(plan);
    this.processes = plan.instances.map((one) => this.start(one));
    this.auditor = this.start({ ...plan.instances[0]!, name: "Z", skewMs: 0 });
    this.onStep = () => this.#trouble();
  }

  start(plan: MachinePlan): Process {
    const client: Client = { name: plan.name, faults: 0, lagSteps: 0, skewMs: plan.skewMs, sleptMs: 0 };
    let die = (): void => undefined;
    const dead = new Promise<void>((resolve) => (die = resolve));
    const { compression, ttlSeconds, history, encryption } = plan;
    const saver = new DynamoDBSaver({
      tableName: TABLE_NAME,
      region: "us-east-1",
      endpoint: DYNAMODB_URL,
      credentials: { accessKeyId: "simulated", secretAccessKey: "simulated" },
      fetch: this.network.fetchOf(client),
      compression,
      ...(ttlSeconds !== undefined && { ttlSeconds }),
      ...(history && { history }),
      ...(encryption && { encryption: { key: keyOf(encryption.key) } }),
    });
    return { plan, client, saver, dead, die, isDead: false };
  }

  /** The process of a call. */
  process(by: number, isFresh = false): Process {
    const now = this.processes[by]!;
    // One that begins anew leaves the other one to itself.
    if (isFresh || now.isDead) this.processes[by] = this.start(now.plan);
    return this.processes[by]!;
  }

  /** What happens to a machine some steps from now on. `tell`: is called when it dies. */
  expect(process: Process, trouble: Trouble, tell: () => void): void {
    this.#due.push({ step: this.steps + trouble.steps, process, trouble, tell });
  }

  #trouble(): boolean {
    const due = this.#due.filter(({ step }) => step <= this.steps);
    for (const one of due) {
      this.#due.splice(this.#due.indexOf(one), 1);
      const { process, trouble, tell } = one;
      const { client } = process;
      if (process.isDead || client.isAsleep || this.network.calm) continue;
      this.trace?.(`${client.name} ${trouble.kind}`);
      if (trouble.kind === "dies") {
        process.isDead = true;
        this.network.abandon(client);
        this.globals.dropTimersOf(client);
        tell();
        process.die();
        continue;
      }
      client.isAsleep = true;
      this.stood.add(client);
      this.globals.runOn(undefined);
      setTimeout(() => {
        this.trace?.(`${client.name} goes on`);
        client.isAsleep = false;
        if (trouble.kind === "sleeps") client.sleptMs! += trouble.seconds * 1_000;
      }, trouble.seconds * 1_000);
    }
    return due.length > 0;
  }

  /** As LangGraph makes them, by the machine's clock. */
  nextId({ client }: Process): string {
    const ms = BigInt(Math.floor(this.globals.nowMs + (client.skewMs ?? 0)));
    const time = 0x01b21dd213814000n + ms * 10_000n + BigInt(++this.#ids % 10_000);
    const hex = time.toString(16).padStart(15, "0");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-6${hex.slice(12)}-8000-000000000000`;
  }

  /** That of the thread's marker, as it is now. */
  tokenOf(thread: string): number | undefined {
    return this.leaseOf(thread)?.token;
  }

  /** What the thread's marker says now, and until when by the clock of who has it. */
  leaseOf(thread: string): { token: number; untilMs: number } | undefined {
    const pk = `T#${keyPart(thread)}`;
    const marker = this.table.items().find(({ PK, SK }) => PK!.S === pk && SK!.S === "C#$");
    return marker?.token && { token: Number(marker.token.N), untilMs: Number(marker.until?.N ?? 0) };
  }
}

export type Attempt<T> = { span: Span; metFaults: boolean } & (
  { value: T; code?: undefined; error?: undefined } | { code: string; error: Error; value?: undefined }
);

/** Makes a call. What it fails with must come of faults, or be what `mayFail` says. */
export async function attempt<T>(
  world: LeaseWorld,
  { client }: Process,
  call: () => Promise<T>,
  mayFail: readonly string[] = [],
): Promise<Attempt<T>> {
  const faults = client.faults;
  const start = world.moment();
  try {
    const value = await call();
    return { value, span: { start, end: world.moment() }, metFaults: client.faults > faults };
  } catch (caught) {
    if (caught instanceof Violation) throw caught;
    const error = caught as Error & { code?: string };
    const { code = "" } = error;
    world.trace?.(`${client.name} gets ${code}: ${error.message}`);
    const metFaults = client.faults > faults;
    if (!mayFail.includes(code) && !(metFaults && OF_FAULTS.has(code)))
      fail(`It fails with ${code || error.stack}: ${error.message}`);
    return { code, error, span: { start, end: world.moment() }, metFaults };
  }
}
