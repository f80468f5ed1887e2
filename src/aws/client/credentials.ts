import { DynamoDBSaverError, isDynamoDBSaverError } from "../../errors.js";
import { unlessAborted } from "./abort.js";
import { inBrowser } from "./browser.js";

/** AWS credentials, in the shape of the AWS SDK v3. */
export interface AwsCredentials {
  /** The key's name: public, as AWS counts it. */
  accessKeyId: string;
  /** The key itself. */
  secretAccessKey: string;
  /** Comes with temporary credentials. */
  sessionToken?: string | undefined;
  /** When temporary credentials end. They are renewed 5 minutes before; without it they are kept for good. */
  expiration?: Date | undefined;
}

/** Any AWS SDK v3 credential provider fits. Called again when its credentials are about to expire. */
export type AwsCredentialsProvider = () => Promise<AwsCredentials>;

const RENEW_BEFORE_MS = 5 * 60_000;
/**
 * Where a renewal fails while the old ones still work, the next try waits for this long, or for half of what they have
 * left.
 */
const TRY_AGAIN_MS = 30_000;
/** A renewal that takes longer is tried by another caller as well: the Worker's request it belonged to may be gone. */
const RENEWAL_MS = 5_000;

export interface CredentialSourceOptions {
  /** Takes credentials without a `sessionToken` in a browser too. */
  dangerouslyAllowBrowser?: boolean | undefined;
  /** As long as all attempts of a request may take, a provider may take. Without both, it bounds itself. */
  maxAttempts?: number | undefined;
  requestTimeoutMs?: number | undefined;
}

/** Hands out credentials and renews those of a provider in time. Keeps plain data only, never a promise. */
export class CredentialSource {
  // Private fields: neither `inspect` nor `JSON.stringify` shows a secret.
  readonly #given: AwsCredentials | AwsCredentialsProvider;
  readonly #dangerouslyAllowBrowser: boolean;
  readonly #timeoutMs: number;
  #current: AwsCredentials | undefined;
  #refused = false;
  #renewNotBefore = 0;

  constructor(
    given: AwsCredentials | AwsCredentialsProvider,
    { dangerouslyAllowBrowser = false, maxAttempts = 1, requestTimeoutMs = Infinity }: CredentialSourceOptions = {},
  ) {
    this.#given = given;
    this.#timeoutMs = maxAttempts * requestTimeoutMs;
    this.#dangerouslyAllowBrowser = dangerouslyAllowBrowser;
    if (typeof given !== "function") this.#current = copied(given) as AwsCredentials;
  }

  /** Whether asking again can bring other credentials. */
  get renewable(): boolean {
    return typeof this.#given === "function";
  }

  /**
   * The service refused these: ask the provider again before the next attempt. Without an argument, whichever there
   * are.
   */
  discard(refused: AwsCredentials | undefined = this.#current): void {
    if (!this.renewable || !refused || this.#current !== refused) return;
    this.#current = undefined;
    this.#refused = true;
  }

  /** @param signal ends the wait for a provider */
  async get(signal?: AbortSignal): Promise<AwsCredentials> {
    const now = Date.now();
    const left = this.#current ? (this.#current.expiration?.getTime() ?? Infinity) - now : -Infinity;
    // While one caller renews credentials that still work, the others go on with them.
    if (this.#current && (left > RENEW_BEFORE_MS || !this.renewable || (left > 0 && now < this.#renewNotBefore))) {
      return this.#current;
    }
    this.#renewNotBefore = now + RENEWAL_MS;
    try {
      this.#current = await this.#ask(signal);
      this.#refused = false;
      return this.#current;
    } catch (error) {
      if (this.#current && left > 0) return this.#current;
      throw error;
    } finally {
      this.#renewNotBefore = Date.now() + Math.min(TRY_AGAIN_MS, Math.max(0, left / 2));
    }
  }

  async #ask(signal: AbortSignal | undefined): Promise<AwsCredentials> {
    const provider = this.#given as (options?: { forceRefresh: boolean }) => Promise<AwsCredentials>;
    let answer: unknown;
    try {
      // The word of the AWS SDK, for providers that keep what they have.
      answer = copied(await this.#inTime(this.#refused ? provider({ forceRefresh: true }) : provider(), signal));
    } catch (cause) {
      // Those of this package say best themselves what is wrong.
      if (isDynamoDBSaverError(cause) && (cause.code === "CREDENTIALS" || cause.code === "ABORTED")) throw cause;
      throw new DynamoDBSaverError("CREDENTIALS", "The credentials provider failed; see the cause of this error.", {
        cause,
      });
    }
    const problem = credentialsProblem(answer);
    if (problem) throw new DynamoDBSaverError("CREDENTIALS", `The credentials provider returned ${problem}.`);
    if (!this.#dangerouslyAllowBrowser && exposed(answer as AwsCredentials)) {
      throw new DynamoDBSaverError(
        "CREDENTIALS",
        `The credentials provider returned long-lived credentials. ${EXPOSED}`,
      );
    }
    return answer as AwsCredentials;
  }

  /** A provider that never answers must not make every call wait for good. */
  async #inTime(answer: Promise<AwsCredentials>, signal: AbortSignal | undefined): Promise<AwsCredentials> {
    if (this.#timeoutMs === Infinity) return answer;
    const late = new AbortController();
    const message =
      `The credentials provider gave no answer within ${this.#timeoutMs} ms (maxAttempts times requestTimeoutMs). ` +
      "Find out what it waits for.";
    const timer = setTimeout(() => late.abort(new DynamoDBSaverError("CREDENTIALS", message)), this.#timeoutMs);
    try {
      return await unlessAborted(signal, unlessAborted(late.signal, answer));
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What a credentials object says, read once: a getter may throw, or say another thing the next time. */
export function copied(given: unknown): unknown {
  if (typeof given !== "object" || given === null) return given;
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = given as Record<string, unknown>;
  const ends = expiration instanceof Date ? new Date(expiration) : expiration;
  return { accessKeyId, secretAccessKey, sessionToken, expiration: ends };
}

/** Whether these last for good, in a place where every visitor can read them. */
export const exposed = ({ sessionToken }: AwsCredentials): boolean => !sessionToken && inBrowser();

/** What to do about credentials that are {@link exposed}. */
export const EXPOSED =
  "In a browser every visitor can read them, so without a sessionToken they are refused there. Use temporary " +
  "ones: fromCognitoIdentityPool of langgraph-checkpoint-dynamodb/credentials, or a function that gets them from " +
  "your server. Where nobody can misuse these, as with DynamoDB Local, pass dangerouslyAllowBrowser: true.";

/** Says what is wrong with a credentials object, or `undefined` when it will do. Never shows a value. */
export function credentialsProblem(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return `${value === null ? "null" : typeof value}, not an object`;
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = value as Record<string, unknown>;
  if (typeof accessKeyId !== "string" || accessKeyId === "") return "no accessKeyId";
  if (typeof secretAccessKey !== "string" || secretAccessKey === "") return "no secretAccessKey";
  if (sessionToken !== undefined && typeof sessionToken !== "string") return "a sessionToken that is not a string";
  // A line break copied along with a key would end in a header, and the runtime's error would quote it.
  for (const [name, text] of Object.entries({ accessKeyId, secretAccessKey, sessionToken })) {
    if (text && !/^[\x21-\x7e]+$/.test(text)) return `${name} with a space, a line break or a non-ASCII character`;
  }
  if (expiration !== undefined && !(expiration instanceof Date && !Number.isNaN(expiration.getTime()))) {
    return "an expiration that is not a valid Date";
  }
  return undefined;
}
