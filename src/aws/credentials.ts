import { DynamoDBSaverError } from "../errors.js";

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

/** Hands out credentials and renews those of a provider in time. Keeps plain data only, never a promise. */
export class CredentialSource {
  // Private fields: neither `inspect` nor `JSON.stringify` shows a secret.
  readonly #given: AwsCredentials | AwsCredentialsProvider;
  #current: AwsCredentials | undefined;
  #renewing = false;

  constructor(given: AwsCredentials | AwsCredentialsProvider) {
    this.#given = given;
    if (typeof given !== "function") this.#current = given;
  }

  /** Whether asking again can bring other credentials. */
  get renewable(): boolean {
    return typeof this.#given === "function";
  }

  /** The service refused these: ask the provider again before the next attempt. */
  discard(refused: AwsCredentials): void {
    if (this.renewable && this.#current === refused) this.#current = undefined;
  }

  async get(): Promise<AwsCredentials> {
    const left = this.#current ? (this.#current.expiration?.getTime() ?? Infinity) - Date.now() : -Infinity;
    // While one caller renews credentials that still work, the others go on with them.
    if (this.#current && (left > RENEW_BEFORE_MS || !this.renewable || (left > 0 && this.#renewing))) {
      return this.#current;
    }
    this.#renewing = true;
    try {
      this.#current = await this.#ask();
      return this.#current;
    } catch (error) {
      if (this.#current && left > 0) return this.#current;
      throw error;
    } finally {
      this.#renewing = false;
    }
  }

  async #ask(): Promise<AwsCredentials> {
    let answer: unknown;
    try {
      answer = await (this.#given as AwsCredentialsProvider)();
    } catch (cause) {
      throw new DynamoDBSaverError("CREDENTIALS", "The credentials provider failed; see the cause of this error.", {
        cause,
      });
    }
    const problem = credentialsProblem(answer);
    if (problem) throw new DynamoDBSaverError("CREDENTIALS", `The credentials provider returned ${problem}.`);
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = answer as AwsCredentials;
    return { accessKeyId, secretAccessKey, sessionToken, expiration };
  }
}

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
