import { DynamoDBSaverError } from "../../errors.js";

export interface ProviderErrorDetails {
  /** HTTP status of the last answer; 0 when there was none. */
  status?: number | undefined;
  /** The service's name of the error, for example `"NotAuthorizedException"`. */
  serviceCode?: string | undefined;
  /** How often it was asked. */
  attempts?: number | undefined;
  /** The name of the AWS SDK v3: this provider has nothing here, and the next one of a chain may. Default: `false`. */
  tryNextLink?: boolean | undefined;
  cause?: unknown;
}

/**
 * A provider has no credentials. The message names it and says what to do; it holds no key, no token and no part of an
 * answer.
 */
export class CredentialsProviderError extends DynamoDBSaverError {
  override readonly name: string = "CredentialsProviderError";
  readonly status: number;
  readonly serviceCode: string | undefined;
  readonly attempts: number;
  readonly tryNextLink: boolean;

  constructor(
    /** For example `"fromInstanceMetadata"`. */
    readonly provider: string,
    problem: string,
    { status = 0, serviceCode, attempts = 0, tryNextLink = false, ...rest }: ProviderErrorDetails = {},
  ) {
    super("CREDENTIALS", `${provider}: ${problem}`, rest);
    this.status = status;
    this.serviceCode = serviceCode;
    this.attempts = attempts;
    this.tryNextLink = tryNextLink;
  }
}
