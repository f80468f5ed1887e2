/** Everything one can get out of an error, its causes included. */
export function allOf(error: unknown): string {
  const own =
    error instanceof Error
      ? Object.fromEntries(Object.getOwnPropertyNames(error).map((name) => [name, (error as never)[name]]))
      : error;
  const cause = error instanceof Error && error.cause ? allOf(error.cause) : "";
  return `${String(error)} ${JSON.stringify(error)} ${JSON.stringify(own)} ${cause}`;
}
