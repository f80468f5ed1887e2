import { inspect } from "node:util";
import { secretsAndValuesIn, secretsIn } from "../../../scripts/lib/testing/secrets.js";
import type { DynamoDBSaverOptions } from "langgraph-checkpoint-dynamodb";

/** How much of each kind was looked at: a check that has seen nothing has shown nothing. */
export interface Emitted {
  errors: number;
  events: number;
  lines: number;
  savers: number;
}

/**
 * Looks for secrets and stored values in everything that the saver gives out: its errors with all their causes, its
 * events, itself when it is printed, and the console.
 */
export class Emissions {
  readonly emitted: Emitted = { errors: 0, events: 0, lines: 0, savers: 0 };
  readonly #found = new Set<string>();
  readonly #savers: object[] = [];
  /** An error is made, and then thrown. */
  readonly #seen = new WeakSet<object>();
  /** Those that were given to a saver, in every form in which they might be shown. */
  readonly #secrets = new Set<string>();

  /** From now on, these options' credentials and keys must not show. */
  keepSecret({ credentials, encryption, s3 }: Partial<DynamoDBSaverOptions>): void {
    for (const given of [credentials, s3?.credentials]) if (typeof given === "object") this.#keepCredentials(given);
    const keys: unknown = encryption && [encryption.key, encryption.olderKeys].flat();
    for (const key of Array.isArray(keys) ? (keys as unknown[]) : []) if (key instanceof Uint8Array) this.#keepKey(key);
  }

  error(where: string, error: unknown): void {
    if (typeof error === "object" && error !== null) {
      if (this.#seen.has(error)) return;
      this.#seen.add(error);
    }
    this.emitted.errors++;
    this.#look(`${where}, an error`, shownOf(error));
  }

  /** It is looked at when the test is over. */
  made(saver: object): void {
    // Not all of thousands: what a saver shows does not depend on which one it is, and each keeps its caches.
    if (this.#savers.length < 20) this.#savers.push(saver);
  }

  event(event: unknown): void {
    this.emitted.events++;
    this.#look("An event", JSON.stringify(event));
  }

  printed(what: unknown[]): void {
    this.emitted.lines++;
    this.#look(
      "The console",
      what.map((part) => (typeof part === "string" ? part : inspect(part, { depth: 8 }))).join(" "),
    );
  }

  /** What shows stored values, and must not show secrets. */
  shown(text: string): void {
    this.emitted.lines++;
    this.#look("What was shown", text, secretsIn(text));
  }

  /** What was found since the last time, a line each. */
  take(): string[] {
    for (const saver of this.#savers.splice(0)) {
      this.emitted.savers++;
      this.#look(
        "A saver that is printed",
        `${inspect(saver, { showHidden: true, depth: 8 })} ${JSON.stringify(saver)} ` +
          `${JSON.stringify(Object.getOwnPropertyDescriptors(saver))}`,
      );
    }
    const found = [...this.#found];
    this.#found.clear();
    return found;
  }

  #keepCredentials(credentials: object): void {
    for (const name of ["accessKeyId", "secretAccessKey", "sessionToken"]) {
      const value = (credentials as Record<string, unknown>)[name];
      // Shorter ones, such as "local", stand in other words.
      if (typeof value === "string" && value.length >= 10 && value !== name) this.#secrets.add(value);
    }
  }

  /** A part of it is enough. */
  #keepKey(key: Uint8Array): void {
    const bytes = Array.from(key.subarray(0, 9));
    if (new Set(bytes).size < 5) return;
    const base64 = btoa(String.fromCharCode(...bytes));
    const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
    for (const form of [
      base64,
      base64.replace(/\+/g, "-").replace(/\//g, "_"),
      hex,
      hex.toUpperCase(),
      bytes.join(),
      bytes.map((byte, i) => `"${i}":${byte}`).join(),
    ])
      this.#secrets.add(form);
  }

  #look(where: string, text: string, found = secretsAndValuesIn(text)): void {
    const withoutSpaces = text.replace(/\s+/g, "");
    const secrets = [...found, ...[...this.#secrets].filter((secret) => withoutSpaces.includes(secret))];
    for (const secret of new Set(secrets))
      this.#found.add(`${where} shows ${JSON.stringify(secret)}: ${around(text, secret)}`);
  }
}

/** Everything that one can get out of an error, of its causes, and of what they hold. */
function shownOf(given: unknown, seen = new Set<unknown>()): string {
  if (typeof given !== "object" || given === null) return String(given);
  if (seen.has(given)) return "";
  seen.add(given);
  const error = isOfTheCaller(given) ? withoutCause(given) : given;
  const parts = [
    error instanceof Error ? String(error) : "",
    inspect(error, { showHidden: true, depth: 8, getters: true }),
    JSON.stringify(error) ?? "",
  ];
  for (const name of Reflect.ownKeys(error)) parts.push(shownOf((error as Record<PropertyKey, unknown>)[name], seen));
  return parts.join("\n");
}

/** Whether an error's cause is what the caller's own function threw, or the reason of the caller's signal. */
const isOfTheCaller = (error: unknown): error is Error & { code: string } =>
  error instanceof Error && "code" in error && (error.code === "CREDENTIALS" || error.code === "ABORTED");

function withoutCause(error: Error): object {
  const { cause: _, ...descriptors } = Object.getOwnPropertyDescriptors(error) as Record<string, PropertyDescriptor>;
  return Object.create(Object.getPrototypeOf(error) as object, descriptors) as object;
}

function around(text: string, secret: string): string {
  const at = text.indexOf(secret);
  return at < 0 ? text.slice(0, 500) : `…${text.slice(Math.max(0, at - 200), at + secret.length + 100)}…`;
}

/** One for all that a lane's tests do. */
export const emissions = new Emissions();
