/** What LangChain's messages have. */
interface Message {
  toDict(): { type: string; data: Record<string, unknown> };
}

const isMessage = (value: unknown): value is Message =>
  typeof value === "object" && value !== null && typeof (value as Partial<Message>).toDict === "function";

/** JSON as clients of LangGraph's server expect it: a message is its data with its type beside them. */
export function toJson(value: unknown): string {
  return (
    JSON.stringify(value, function (this: Record<string, unknown>, name, encoded: unknown) {
      // What `toJSON` has made of a message is LangChain's serialized form.
      const given = this[name];
      if (isMessage(given)) {
        const { type, data } = given.toDict();
        return { ...data, type };
      }
      if (given instanceof Error) return { error: given.name, message: given.message };
      return typeof encoded === "bigint" ? String(encoded) : encoded;
    }) ?? "null"
  );
}

/** The same, as plain data. */
export const toPlain = (value: unknown): unknown => JSON.parse(toJson(value));

export const json = (value: unknown, init: { headers?: Record<string, string> } = {}): Response =>
  new Response(toJson(value), { ...init, headers: { "content-type": "application/json", ...init.headers } });
