import { createServer } from "node:http";
import { listen, type Listening } from "./listen.js";

/** Serves an empty page: the origin, in the sense of CORS, of the tests that run in a browser. */
export function startPageServer(): Promise<Listening> {
  return listen(
    createServer((_, answer) =>
      answer.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Tests</title>"),
    ),
  );
}
