import type { MiddlewareHandler } from "hono";
import type { App } from "./context.js";
import { HttpError } from "./http-error.js";
import { DATA_HEADERS, pageHeaders } from "./page-headers.js";

const isPage = (path: string): boolean => path === "/page" || path.startsWith("/page/");

export const secureHeaders: MiddlewareHandler<App> = async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(isPage(c.req.path) ? pageHeaders() : DATA_HEADERS)) c.header(name, value);
};

/**
 * Refuses what the pages of others send. They have no token; this is for what a browser would send all the same, and
 * for a name of theirs that suddenly leads to this machine (DNS rebinding).
 */
export const refuseOtherSites: MiddlewareHandler<App> = async (c, next) => {
  const { host, origin } = new URL(c.req.url);
  const { ALLOWED_HOSTS: allowed } = c.env;
  if (allowed && !allowed.split(",").some((name) => name.trim() === host)) {
    throw new HttpError(
      421,
      "WRONG_HOST",
      "This Worker does not answer to that name. ALLOWED_HOSTS lists those to which it does.",
    );
  }
  const isLink = c.req.header("sec-fetch-mode") === "navigate" && c.req.header("sec-fetch-dest") === "document";
  const site = c.req.header("sec-fetch-site") ?? "none";
  const isOwn = ["same-origin", "none"].includes(site) && (c.req.header("origin") ?? origin) === origin;
  if (!isOwn && !(isLink && c.req.method === "GET" && isPage(c.req.path))) {
    throw new HttpError(
      403,
      "OTHER_SITE",
      "This was sent by the page of another site, which this Worker does not serve.",
    );
  }
  await next();
};
