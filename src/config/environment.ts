import { allowsInsecureEndpoint, runtimeEnv, variable } from "../aws/client/env-variables.js";
import { kindOf } from "../checks.js";
import { invalidConfig } from "../errors.js";
import type { DynamoDBSaverEnv } from "../options.js";

/** What the runtime's own environment says, where it has one. */
export const ambientEnv = (): Env => new Env(runtimeEnv());

/** The options that environment variables give. Other entries, such as a Worker's bindings, are passed over. */
export function optionsFromEnv(env: object): { env: Env; tableName: string | undefined } {
  if (typeof env !== "object" || env === null) {
    throw invalidConfig(
      "fromEnv needs an object of environment variables: a Worker's env, process.env, or Deno.env.toObject(). It " +
        `got ${kindOf(env)}.`,
    );
  }
  return { tableName: variable(env, "DYNAMODB_TABLE_NAME"), env: new Env(env) };
}

/**
 * Each variable is read when it is asked for: Deno asks its user for every one, and what an option says is not looked
 * for.
 */
export class Env implements DynamoDBSaverEnv {
  constructor(private readonly env: object) {}

  get AWS_REGION(): string | undefined { return variable(this.env, "AWS_REGION"); } // prettier-ignore
  get AWS_DEFAULT_REGION(): string | undefined { return variable(this.env, "AWS_DEFAULT_REGION"); } // prettier-ignore
  get AWS_ACCESS_KEY_ID(): string | undefined { return variable(this.env, "AWS_ACCESS_KEY_ID"); } // prettier-ignore
  get AWS_SECRET_ACCESS_KEY(): string | undefined {
    return variable(this.env, "AWS_SECRET_ACCESS_KEY");
  }
  get AWS_SESSION_TOKEN(): string | undefined { return variable(this.env, "AWS_SESSION_TOKEN"); } // prettier-ignore
  get AWS_ENDPOINT_URL_DYNAMODB(): string | undefined {
    return variable(this.env, "AWS_ENDPOINT_URL_DYNAMODB");
  }
  get AWS_ENDPOINT_URL_S3(): string | undefined { return variable(this.env, "AWS_ENDPOINT_URL_S3"); } // prettier-ignore
  get AWS_ENDPOINT_URL(): string | undefined { return variable(this.env, "AWS_ENDPOINT_URL"); } // prettier-ignore
  get DYNAMODB_ALLOW_INSECURE_ENDPOINT(): boolean | undefined {
    return allowsInsecureEndpoint(this.env);
  }
}

/** Many tools set an empty variable for one that is not there. */
export const nonEmpty = (value: string | undefined): string | undefined => (value === "" ? undefined : value);
