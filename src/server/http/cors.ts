import type { CorsOptions } from "../options.js";

const EXPOSED = "Content-Location, Location, X-Pagination-Total, X-Pagination-Next";

/** The headers that let a page of another origin in; none where it may not. */
function corsHeaders(request: Request, cors: CorsOptions | undefined): Record<string, string> {
  const origin = request.headers.get("origin");
  if (!cors || origin === null || !(cors.origins === "*" || cors.origins.includes(origin))) return {};
  return {
    "access-control-allow-origin": cors.origins === "*" ? "*" : origin,
    "access-control-expose-headers": EXPOSED,
    vary: "Origin",
  };
}

/** Answers what a browser asks before a request. It is let in without credentials, which it never has. */
export function preflight(request: Request, cors: CorsOptions | undefined): Response {
  const allowed = corsHeaders(request, cors);
  const asked = cors?.headers?.join(", ") ?? request.headers.get("access-control-request-headers");
  return new Response(null, {
    status: 204,
    headers: {
      ...allowed,
      ...("vary" in allowed && {
        "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
        "access-control-max-age": "86400",
        ...(asked !== null && { "access-control-allow-headers": asked }),
      }),
    },
  });
}

export function withCors(response: Response, request: Request, cors: CorsOptions | undefined): Response {
  const allowed = Object.entries(corsHeaders(request, cors));
  if (allowed.length === 0) return response;
  // Those of `fetch` cannot be changed.
  const headers = new Headers(response.headers);
  for (const [name, value] of allowed) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
