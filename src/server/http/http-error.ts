import { isDynamoDBSaverError } from "../../errors.js";

/** What a request is refused with: plain text, which LangGraph's SDK shows. */
export class HttpError extends Error {
  override readonly name = "HttpError";

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export const notFound = (what: string): HttpError => new HttpError(404, `There is no such ${what}.`);
export const unfit = (message: string): HttpError => new HttpError(422, message);
export const notSpoken = (what: string): HttpError => new HttpError(501, `This server has no ${what}.`);

/** What a client is told of an error. Of what has gone wrong inside, no more than its kind. */
export function errorResponse(error: unknown): Response {
  if (error instanceof HttpError) return textResponse(error.status, error.message);
  if (isDynamoDBSaverError(error)) {
    if (error.code === "INVALID_INPUT") return textResponse(422, error.message);
    if (error.code === "THREAD_BUSY") return textResponse(409, "Thread is busy");
    return textResponse(500, `The storage failed (${error.code}).`);
  }
  return textResponse(500, "The server failed.");
}

const textResponse = (status: number, message: string): Response =>
  new Response(message, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
