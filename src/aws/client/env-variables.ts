import { invalidConfig } from "../../errors.js";

/** The runtime's own environment, where it has one; Deno's needs `--allow-env`, and without it there is none. */
export function runtimeEnv(): object {
  const runtime = globalThis as { process?: { env?: object } };
  return runtime.process?.env ?? {};
}

/**
 * An environment variable's value, or `undefined` where it is not set or empty. Other entries, such as a Worker's
 * bindings, are none.
 */
export function variable(env: object, name: string): string | undefined {
  const value = entry(env, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/**
 * `DYNAMODB_ALLOW_INSECURE_ENDPOINT`, or `undefined` where it is not set or empty. In a Worker's `vars` it can be a
 * boolean or a number.
 * @throws DynamoDBSaverError `INVALID_CONFIG` where it is neither yes nor no
 */
export function allowsInsecureEndpoint(env: object): boolean | undefined {
  const name = "DYNAMODB_ALLOW_INSECURE_ENDPOINT";
  const value = entry(env, name);
  if (value === undefined || value === "") return undefined;
  if (value === true || value === 1 || value === "true" || value === "1") return true;
  if (value === false || value === 0 || value === "false" || value === "0") return false;
  throw invalidConfig(`${name} must be "true" or "false".`);
}

function entry(env: object, name: string): unknown {
  try {
    return (env as Record<string, unknown>)[name];
  } catch {
    return undefined; // Deno without permission to read it
  }
}
