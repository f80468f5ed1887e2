import type { Fetch } from "langgraph-checkpoint-dynamodb";
import { fetchServers } from "../servers/servers.js";

/** A request to either service, as the saver sent it. */
export interface AwsRequest {
  /** From 1, in the order in which they were sent. */
  number: number;
  /** AWS's name. */
  operation: string;
  url: URL;
  method: string;
  headers: Headers;
  bytes: Uint8Array;
  /** The bytes as text. */
  readonly body: string;
  init: RequestInit;
  /** When it was sent, by the clock of the test. */
  at: number;
  /** Fires when the saver gives this request up. */
  signal: AbortSignal;
  /** Lets the real service answer. */
  forward: () => Promise<Response>;
}

/** Answers in the service's place, or fails; with `undefined` the real service answers. */
export type Intercept = (request: AwsRequest) => Response | Promise<Response> | undefined;

/** A `fetch` that keeps what passes through it and lets `intercept` answer instead. */
export function intercepted(
  intercept: Intercept = () => undefined,
  next: Fetch = fetchServers,
): { fetch: Fetch; sent: AwsRequest[] } {
  const sent: AwsRequest[] = [];
  return {
    sent,
    fetch: async (text, init) => {
      const url = new URL(text);
      const headers = new Headers(init.headers);
      const method = init.method ?? "GET";
      const bytes = (init.body as Uint8Array | undefined) ?? new Uint8Array(0);
      const request: AwsRequest = {
        number: sent.length + 1,
        operation: operationOf(url, method, headers),
        url,
        method,
        headers,
        bytes,
        get body() {
          return new TextDecoder().decode(bytes);
        },
        init,
        at: Date.now(),
        signal: init.signal!,
        forward: () => next(text, init),
      };
      sent.push(request);
      return (await intercept(request)) ?? request.forward();
    },
  };
}

/** AWS's name of a request's operation. */
function operationOf({ searchParams }: URL, method: string, headers: Headers): string {
  const target = headers.get("x-amz-target");
  if (target) return target.split(".")[1]!;
  if (searchParams.has("lifecycle")) return `${method === "PUT" ? "Put" : "Get"}BucketLifecycleConfiguration`;
  if (searchParams.has("delete")) return "DeleteObjects";
  return method === "PUT" ? "PutObject" : "GetObject";
}

export const operationsOf = (sent: AwsRequest[]): string[] => sent.map(({ operation }) => operation);

/** An error as S3 answers it. */
export function s3Error(status: number, code: string, headers: Record<string, string> = {}): Response {
  return xml(
    `<Error><Code>${code}</Code><Message>Told by the test.</Message><RequestId>1</RequestId></Error>`,
    status,
    headers,
  );
}

export function xml(text: string, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>${text}`, {
    status,
    headers: { "content-type": "application/xml", ...headers },
  });
}
