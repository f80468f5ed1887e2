import { sign } from "hono/jwt";

/**
 * Makes a token for a user of the Worker: a JWT, so anything that makes those can do it as well.
 *
 * @param {{ secret: string, user: string, hours: number }} options the Worker's `AUTH_SECRET`, who it is for, and how
 *   long
 */
export const makeToken = ({ secret, user, hours }) =>
  sign({ sub: user, exp: Math.floor(Date.now() / 1_000) + hours * 3_600 }, secret, "HS256");

/**
 * What the partition keys of a user begin with.
 *
 * @param {string} user of letters and digits only
 */
export const keyPrefixOf = (user) => `${user}#`;
