/*
 * What is different in a browser's page, and in no other runtime. A test that meets it says so with one of these.
 */

const inPage = typeof document !== "undefined";

/** A page, and no other runtime, refuses plain `http` to another host also where the caller allows it. */
export const takesInsecureEndpoints = !inPage;

/**
 * A page reads only those headers that a server exposes. DynamoDB Local exposes none, DynamoDB itself its request ids.
 */
export const readsEveryHeader = !inPage;

/** A page learns nothing of an answer that does not allow its origin, such as that of a bucket that is not there. */
export const readsEveryAnswer = !inPage;

/**
 * The body of an answer, even of one that a test made, comes to a page some moments later: meanwhile nothing happens
 * there.
 */
export const momentsForABody = inPage ? 5 : 0;
