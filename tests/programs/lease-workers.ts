import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What a worker is told to do. */
export interface Order {
  thread: string;
  /** Asks for the approval, in place of answering it. */
  begin?: boolean;
  delayMs: number;
  toolMs: number;
  waitSeconds: number;
}

/** What came of it. */
export interface Answer {
  outcome: string;
  /** How many it has sent since it asked for the lease. */
  requests: number;
  /** When it has sent the last renewal that was granted. */
  renewedMs: number;
  /** How many renewals were not. */
  refused: number;
}

/** A process that answers approvals, one after the other. */
export class LeaseWorker {
  readonly child: ChildProcess;
  readonly #said: Answer[] = [];
  #wake = (): void => undefined;
  /** Is called when it has got the lease. */
  onHold: () => void = () => undefined;

  constructor(env: NodeJS.ProcessEnv) {
    this.child = fork(fileURLToPath(new URL("lease-worker.js", import.meta.url)), { env, execArgv: [] });
    this.child.on("message", (message: Answer | { holds: string }) => {
      if ("holds" in message) this.onHold();
      else this.#note(message);
    });
    this.child.on("exit", () => this.#note({ outcome: "killed", requests: 0, renewedMs: 0, refused: 0 }));
  }

  #note(answer: Answer): void {
    this.#said.push(answer);
    this.#wake();
  }

  /** What it says next, or that it was killed. */
  async next(): Promise<Answer> {
    while (this.#said.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#said.shift()!;
  }

  ask(order: Order): Promise<Answer> {
    this.child.send(order);
    return this.next();
  }
}

/** Processes that have started already: that takes them two seconds, and a killed one is replaced at once. */
export class LeaseWorkers {
  readonly #all: LeaseWorker[] = [];
  readonly #ready: Promise<LeaseWorker>[] = [];
  #isOver = false;

  constructor(
    private readonly env: NodeJS.ProcessEnv,
    private readonly spare: number,
  ) {}

  async #start(): Promise<LeaseWorker> {
    const worker = new LeaseWorker(this.env);
    this.#all.push(worker);
    const { outcome } = await worker.next();
    if (outcome !== "ready" && !this.#isOver) throw new Error(`A worker has not started: ${outcome}`);
    return worker;
  }

  take(): Promise<LeaseWorker> {
    const first = this.#ready.shift() ?? this.#start();
    while (this.#ready.length < this.spare) this.#ready.push(this.#start());
    return first;
  }

  end(): void {
    this.#isOver = true;
    for (const { child } of this.#all) child.kill("SIGKILL");
  }
}
