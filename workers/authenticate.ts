import { verify } from "hono/jwt";
import type { Caller } from "langgraph-checkpoint-dynamodb/server";
import { z } from "zod";
import type { Env } from "./env.js";

/** A shorter key than the hash could be guessed (RFC 7518, 3.2). */
const MIN_SECRET_LENGTH = 32;

/** The saver's limit. */
const MAX_KEY_PREFIX_LENGTH = 256;

/** A token that never ends cannot be lost without harm. */
const Claims = z.object({ sub: z.string().min(1), exp: z.number() });

/** Lets nobody pass without a token that was signed with `AUTH_SECRET`, and finds in it who asks. */
export async function authenticate(request: Request, env: Env): Promise<Response | Caller> {
  const refused = refuseWithoutSecret(env);
  if (refused) return refused;
  const [, token] = /^Bearer +([\w.-]+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  if (token === undefined) return unauthenticated("Send the header authorization: Bearer TOKEN.");
  const user = await userOf(token, env.AUTH_SECRET ?? "");
  // Why it was refused would only help whoever tries tokens.
  if (user === undefined) return unauthenticated("This token has expired, or is not one of this Worker's.");
  const keyPrefix = keyPrefixOf(user);
  return keyPrefix.length > MAX_KEY_PREFIX_LENGTH
    ? unauthenticated("The name of the token's user is too long.")
    : { keyPrefix };
}

/** An agent that spends money is not served to everybody. */
export const refuseWithoutSecret = ({ AUTH_SECRET: secret = "" }: Env): Response | undefined =>
  secret.length >= MIN_SECRET_LENGTH
    ? undefined
    : new Response(
        `AUTH_SECRET is not set, or shorter than ${MIN_SECRET_LENGTH} characters, so nobody is served. ` +
          "Set it with: openssl rand -base64 32 | npx wrangler secret put AUTH_SECRET. For npx wrangler dev, write " +
          "it into .dev.vars.",
        { status: 503 },
      );

async function userOf(token: string, secret: string): Promise<string | undefined> {
  try {
    return Claims.parse(await verify(token, secret, "HS256")).sub;
  } catch {
    return undefined;
  }
}

/**
 * Each user has a part of the table, so that a thread, a list of threads and a memory are reached by their user alone,
 * whatever a request says. Only its end is a separator: no user's prefix begins another's.
 */
const keyPrefixOf = (user: string): string => `${user.replace(/[^\w@.-]/gu, encodeSign)}#`;

/** Also of half a surrogate pair, which `encodeURIComponent` does not take. */
const encodeSign = (sign: string): string => `%${sign.codePointAt(0)?.toString(16)}%`;

const unauthenticated = (why: string): Response =>
  new Response(`${why} npm start prints one; elsewhere, node scripts/token.js USER makes one from AUTH_SECRET.`, {
    status: 401,
    headers: { "www-authenticate": "Bearer" },
  });
