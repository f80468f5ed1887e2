import type { MiddlewareHandler } from "hono";
import { verify } from "hono/jwt";
import { z } from "zod";
import type { App } from "./context.js";
import type { Env } from "./env.js";
import { HttpError } from "./http-error.js";

/** A shorter key than the hash could be guessed (RFC 7518, 3.2). */
const MIN_SECRET_LENGTH = 32;

/** The saver's limit. */
const MAX_KEY_PREFIX_LENGTH = 256;

/** A token that never ends cannot be lost without harm. */
const Claims = z.object({ sub: z.string().min(1), exp: z.number() });

/** Lets nobody pass without a token that was signed with `AUTH_SECRET`, and finds in it who asks. */
export const authenticate: MiddlewareHandler<App> = async (c, next) => {
  const secret = secretOf(c.env);
  const [, token] = /^Bearer +([\w.-]+)$/i.exec(c.req.header("authorization") ?? "") ?? [];
  if (token === undefined) throw unauthenticated("Send the header authorization: Bearer TOKEN.");
  c.set("keyPrefix", keyPrefixOf(await userOf(token, secret)));
  await next();
};

/** @throws {HttpError} when there is none: an agent that spends money is not served to everybody. */
export function secretOf({ AUTH_SECRET: secret = "" }: Env): string {
  if (secret.length >= MIN_SECRET_LENGTH) return secret;
  throw new HttpError(
    503,
    "NO_SECRET",
    `AUTH_SECRET is not set, or shorter than ${MIN_SECRET_LENGTH} characters, so nobody is served. ` +
      "Set it with: openssl rand -base64 32 | npx wrangler secret put AUTH_SECRET. For npx wrangler dev, write " +
      "it into .dev.vars.",
  );
}

async function userOf(token: string, secret: string): Promise<string> {
  try {
    return Claims.parse(await verify(token, secret, "HS256")).sub;
  } catch {
    // Why it was refused would only help whoever tries tokens.
    throw unauthenticated("This token has expired, or is not one of this Worker's.");
  }
}

/**
 * Each user has a part of the table, so that a thread, a list of threads and a memory are reached by their user alone,
 * whatever a request says. Only its end is a separator: no user's prefix begins another's.
 */
function keyPrefixOf(user: string): string {
  const prefix = `${user.replace(/[^\w@.-]/gu, encodeSign)}#`;
  if (prefix.length > MAX_KEY_PREFIX_LENGTH) throw unauthenticated("The name of the token's user is too long.");
  return prefix;
}

/** Also of half a surrogate pair, which `encodeURIComponent` does not take. */
const encodeSign = (sign: string): string => `%${sign.codePointAt(0)?.toString(16)}%`;

const unauthenticated = (why: string) =>
  new HttpError(
    401,
    "UNAUTHENTICATED",
    `${why} npm start prints one; elsewhere, node scripts/token.js USER makes one from AUTH_SECRET.`,
    {
      "www-authenticate": "Bearer",
    },
  );
