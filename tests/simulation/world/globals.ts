import nodeCrypto from "node:crypto";
import { Random } from "../../lanes/hostile/random.js";
import type { Client } from "./clients.js";

/*
 * What a program takes from its machine: the time, timers, chance and WebCrypto. Here each of them follows from the
 * seed, and
 * takes no time: WebCrypto's own jobs end in an order that is the machine's.
 */

const real = {
  Date: globalThis.Date,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  random: Math.random,
  crypto: globalThis.crypto,
  performance: globalThis.performance,
};
const { setImmediate } = globalThis;

/** Lets everything run that waits for neither a timer nor an answer. */
export const quiescence = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A Monday in 2026, at some time of the day. */
export const EPOCH_MS = 1_769_000_000_000;

interface Timer {
  id: number;
  at: number;
  /** Of the clock of the instance that has set it. */
  skewMs: number;
  machine: Client | undefined;
  fire: () => void;
}

export class VirtualGlobals {
  nowMs = EPOCH_MS;
  /** How far the clock of the instance that runs is ahead of the others'. */
  skewMs = 0;
  /** On whose machine this runs; undefined where that makes no difference. */
  machine: Client | undefined;
  readonly timers: Timer[] = [];
  #ids = 0;
  readonly #random: Random;
  #isInstalled = false;

  constructor(seed: string) {
    this.#random = new Random(seed);
  }

  install(): void {
    this.#isInstalled = true;
    const nowMs = (): number => Math.floor(this.nowMs + this.skewMs);
    // Without arguments it is now.
    class VirtualDate extends real.Date {
      constructor(...given: unknown[]) {
        if (given.length === 0) super(nowMs());
        else super(...(given as [number]));
      }
      static override now = nowMs;
    }
    globalThis.Date = VirtualDate as DateConstructor;
    globalThis.setTimeout = ((fire: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
      const id = ++this.#ids;
      const { skewMs, machine } = this;
      // No timer of a machine is shorter.
      const pauseMs = ms > 0 ? Math.max(1, ms) : 0;
      this.timers.push({ id, at: this.nowMs + pauseMs, skewMs, machine, fire: () => fire(...args) });
      const timer = { unref: () => timer, ref: () => timer, [Symbol.toPrimitive]: () => id };
      return timer;
    }) as unknown as typeof setTimeout;
    globalThis.clearTimeout = ((timer: { [Symbol.toPrimitive](): number } | undefined) => {
      const place =
        timer === undefined || timer === null ? -1 : this.timers.findIndex(({ id }) => id === Number(timer));
      if (place >= 0) this.timers.splice(place, 1);
    }) as typeof clearTimeout;
    Math.random = () => this.#random.next();
    const performance = { now: () => this.nowMs - EPOCH_MS - (this.machine?.sleptMs ?? 0) };
    Object.defineProperty(globalThis, "performance", { value: performance, configurable: true, writable: true });
    Object.defineProperty(globalThis, "crypto", { value: this.#crypto(), configurable: true, writable: true });
  }

  uninstall(): void {
    if (!this.#isInstalled) return;
    this.#isInstalled = false;
    globalThis.Date = real.Date;
    globalThis.setTimeout = real.setTimeout;
    globalThis.clearTimeout = real.clearTimeout;
    Math.random = real.random;
    Object.defineProperty(globalThis, "crypto", { value: real.crypto, configurable: true, writable: true });
    Object.defineProperty(globalThis, "performance", { value: real.performance, configurable: true, writable: true });
  }

  /** What runs from now on does so on this machine. */
  runOn(machine: Client | undefined, skewMs = machine?.skewMs ?? 0): void {
    [this.machine, this.skewMs] = [machine, skewMs];
  }

  /** A machine ends: its timers do not fire. */
  dropTimersOf(machine: Client): void {
    for (let i = this.timers.length - 1; i >= 0; i--) if (this.timers[i]!.machine === machine) this.timers.splice(i, 1);
  }

  /** The next one; those of the same moment in the order in which they were set. */
  earliest(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.timers) if (!timer.machine?.isAsleep && (!first || timer.at < first.at)) first = timer;
    return first;
  }

  fire(timer: Timer): void {
    this.timers.splice(this.timers.indexOf(timer), 1);
    this.nowMs = Math.max(this.nowMs, timer.at);
    this.runOn(timer.machine, timer.skewMs);
    timer.fire();
  }

  #crypto(): object {
    const random = this.#random;
    const fill = (bytes: Uint8Array): void => {
      for (let i = 0; i < bytes.length; i++) bytes[i] = random.below(256);
    };
    return {
      subtle,
      getRandomValues: (array: Uint8Array) => {
        fill(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
        return array;
      },
      randomUUID: () => {
        const bytes = Buffer.alloc(16);
        fill(bytes);
        const hex = bytes.toString("hex");
        return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
      },
    };
  }
}

const bytesOf = (data: BufferSource): Buffer =>
  data instanceof ArrayBuffer ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
const exactly = (bytes: Buffer): ArrayBuffer =>
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;

interface Key {
  raw: Buffer;
}
interface GcmParameters {
  iv: BufferSource;
  additionalData?: BufferSource;
}

/** Of WebCrypto what is used, done at once: SHA-256, HMAC with it, and AES-256-GCM. */
const subtle = {
  digest: async (_: unknown, data: BufferSource) =>
    exactly(nodeCrypto.createHash("sha256").update(bytesOf(data)).digest()),
  importKey: async (_: string, raw: BufferSource): Promise<Key> => ({ raw: Buffer.from(bytesOf(raw)) }),
  sign: async (_: unknown, { raw }: Key, data: BufferSource) =>
    exactly(nodeCrypto.createHmac("sha256", raw).update(bytesOf(data)).digest()),
  encrypt: async ({ iv, additionalData }: GcmParameters, { raw }: Key, data: BufferSource) => {
    const cipher = nodeCrypto.createCipheriv("aes-256-gcm", raw, bytesOf(iv));
    if (additionalData) cipher.setAAD(bytesOf(additionalData));
    return exactly(Buffer.concat([cipher.update(bytesOf(data)), cipher.final(), cipher.getAuthTag()]));
  },
  decrypt: async ({ iv, additionalData }: GcmParameters, { raw }: Key, data: BufferSource) => {
    const sealed = bytesOf(data);
    const decipher = nodeCrypto.createDecipheriv("aes-256-gcm", raw, bytesOf(iv));
    if (additionalData) decipher.setAAD(bytesOf(additionalData));
    decipher.setAuthTag(sealed.subarray(sealed.length - 16));
    return exactly(Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - 16)), decipher.final()]));
  },
};
