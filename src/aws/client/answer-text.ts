/*
 * What an answer says stands in errors and events, and an endpoint or a proxy may answer with what it was sent. So of
 * its words only those are told that are like a word, and show no piece of the request's signature or session token.
 * A token that is encoded in another way, and a stored value, is longer or has digits.
 */

const CODE = /^(?=.{1,64}$)[A-Za-z]+\d{0,3}[A-Za-z]*$/;
/** DynamoDB's and S3's, and a UUID, which servers of one's own give: none is a signature, or much of a token. */
const REQUEST_ID = /^([A-Z\d]{16}|[A-Z\d]{52}|[a-f\d]{8}(-[a-f\d]{4}){3}-[a-f\d]{12})$/;
const WORD = /^([A-Za-z]{1,30}|\d{1,10})$/;
/** So many characters of a secret are no chance. */
const PIECE = 12;
/** Fewer of them, all that there are of a secret, are one too; yet fewer stand in any word. */
const WHOLE = 4;

/** What nobody may see of a signed request that was sent. */
export const secretsOf = (sent: Headers): string =>
  withBase64([sent.get("authorization")!.split("Signature=")[1]!, sent.get("x-amz-security-token") ?? ""]);

/** Secrets of ASCII: also as Base64, wherever in a longer text it began. */
export const withBase64 = (secrets: readonly string[]): string =>
  secrets.flatMap((secret) => [secret, ...[0, 1, 2].map((from) => btoa(secret.slice(from)))]).join(" ");

const shows = (text: string, secrets: string): boolean =>
  secrets.split(" ").some((secret) => secret.length >= WHOLE && text.includes(secret)) ||
  Array.from(text, (_, i) => text.slice(i, i + PIECE)).some(
    (piece) => piece.length === PIECE && secrets.includes(piece),
  );

/** An error's name, or `undefined` where it is not like one. */
export const codeIn = (text: string | undefined, secrets: string): string | undefined =>
  text !== undefined && CODE.test(text) && !shows(text, secrets) ? text : undefined;

/** AWS's id of a request, or `undefined` where it is not like one. */
export function requestIdIn(headers: Headers, secrets: string): string | undefined {
  const id = headers.get("x-amzn-requestid") ?? headers.get("x-amz-request-id") ?? "";
  return REQUEST_ID.test(id) && !shows(id, secrets) ? id : undefined;
}

/** A message, without what is not like a word. */
export const wordsIn = (text: string, secrets: string): string =>
  text.replace(/[^\s'"():;,.]+/g, (word) => (WORD.test(word) && !shows(word, secrets) ? word : "…"));
