import type { ThreadRow } from "./directory.js";
import { checkBody } from "./http/checked.js";
import { isFields, type Fields } from "./http/fields.js";
import { HttpError, unfit } from "./http/http-error.js";
import type { Scope } from "./scope.js";

/** A request on its way through a route. */
export interface Call {
  request: Request;
  url: URL;
  /** The parts of the path that the route has names for. */
  path: Readonly<Record<string, string>>;
  scope: Scope;
  /** The thread of the path, which is the caller's: for routes that need one. */
  thread: ThreadRow | undefined;
  /** Goes on when the answer is given. */
  readonly goesOn: (work: Promise<unknown>) => void;
  /** For how long a run may go on then, in milliseconds; `undefined`: as long as it takes. */
  patienceMs: number | undefined;
}

/** The body as JSON, whatever it is called; nothing is as good as `{}`. @throws HttpError */
export async function bodyOf({ request, scope }: Call): Promise<Fields> {
  const most = scope.config.limits.bodyBytes;
  const tooLong = new HttpError(413, `The body is longer than ${most} bytes.`);
  if (Number(request.headers.get("content-length") ?? 0) > most) throw tooLong;
  const bytes: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    length += part.value.length;
    if (length > most) {
      await reader!.cancel().catch(() => undefined);
      throw tooLong;
    }
    bytes.push(part.value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of bytes) {
    whole.set(part, at);
    at += part.length;
  }
  if (length === 0) return {};
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(whole));
  } catch {
    throw unfit("The body is not JSON.");
  }
  if (!isFields(body)) throw unfit("The body must be an object.");
  checkBody(body);
  return body;
}

export const queryOf = ({ url }: Call): Fields => Object.fromEntries(url.searchParams);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A run's id becomes a part of keys. */
export function runIdIn({ path }: Call): string {
  const id = path.run_id ?? "";
  if (!UUID.test(id)) throw unfit("A run's id must be a UUID.");
  return id;
}
