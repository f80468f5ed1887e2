import type { Env } from "./env.js";
import { DATA_HEADERS, pageHeaders } from "./page-headers.js";

export const isPage = (request: Request): boolean => /^\/page(\/|$)/.test(new URL(request.url).pathname);

/** The same answer, which a browser shows and keeps as little of as it can. */
export function secured(response: Response, headers: Record<string, string> = {}): Response {
  const answer = new Response(response.body, response);
  for (const [name, value] of Object.entries(headers)) answer.headers.set(name, value);
  return answer;
}

export const headersFor = (request: Request): Record<string, string> =>
  isPage(request) ? pageHeaders() : DATA_HEADERS;

/**
 * Refuses what the pages of others send. They have no token; this is for what a browser would send all the same, and
 * for a name of theirs that suddenly leads to this machine (DNS rebinding).
 */
export function refuseOtherSites(request: Request, { ALLOWED_HOSTS: allowed }: Env): Response | undefined {
  const { host, origin } = new URL(request.url);
  const header = (name: string): string | null => request.headers.get(name);
  if (allowed && !allowed.split(",").some((name) => name.trim() === host))
    return new Response("This Worker does not answer to that name. ALLOWED_HOSTS lists those to which it does.", {
      status: 421,
    });
  const isLink = header("sec-fetch-mode") === "navigate" && header("sec-fetch-dest") === "document";
  const isOwn =
    ["same-origin", "none"].includes(header("sec-fetch-site") ?? "none") && (header("origin") ?? origin) === origin;
  if (isOwn || (isLink && request.method === "GET" && isPage(request))) return undefined;
  return new Response("This was sent by the page of another site, which this Worker does not serve.", { status: 403 });
}
