/** The runtime's own environment, where it has one; Deno's needs `--allow-env`, and without it there is none. */
export function ambientEnv(): object {
  const runtime = globalThis as { process?: { env?: object } };
  return runtime.process?.env ?? {};
}

/** An environment variable's value, or `undefined` where it is not set or empty. Other entries, such as a Worker's bindings, are none. */
export function variable(env: object, name: string): string | undefined {
  try {
    const value = (env as Record<string, unknown>)[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  } catch {
    return undefined; // Deno without permission to read it
  }
}
