import { createServer } from "node:http";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";

/* A stand-in for AWS Lambda: function URLs that stream, events of other kinds, instances with one event at a time. */

const instanceFile = new URL("lambda-instance.js", import.meta.url);
/** Where AWS's own local emulator takes events that are no HTTP requests. */
const INVOCATIONS = "/2015-03-31/functions/function/invocations";
/** Between what `HttpResponseStream` says of a response and its body. */
const DELIMITER = Buffer.alloc(8);
const HTTP_RESPONSE = "application/vnd.awslambda.http-integration-response";

/** @typedef {{ type?: string, chunk?: Uint8Array, end?: true, done?: true }} Sent what an instance sends */

/**
 * Bundles a function as its template says, and serves it.
 *
 * @param {{ file: string, outfile: string, port: number, env: Record<string, string | undefined>, isReused?: boolean }}
 *   options `isReused: false` ends an instance when the function has returned
 * @returns {Promise<{ url: string, reclaim: () => Promise<void>, stop: () => Promise<void> }>} `reclaim` ends all
 *   instances where they are, as Lambda does at a timeout
 */
export async function startLambda({ file, outfile, port, env, isReused = true }) {
  await build({
    entryPoints: [file],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
  });
  /** @type {Set<Worker>} */
  const instances = new Set();
  /** @type {Worker[]} */
  const idle = [];

  function start() {
    const instance = new Worker(instanceFile, { workerData: { outfile }, env });
    instances.add(instance);
    instance.once("exit", () => instances.delete(instance));
    return instance;
  }

  /**
   * Calls the function, and gives what it writes.
   * @param {object} event
   * @param {(sent: Sent) => void} onSent
   */
  async function invoke(event, onSent) {
    const instance = idle.pop() ?? start();
    /** @type {Promise<boolean>} */
    const isDone = new Promise((resolve) => {
      instance.on("message", (/** @type {Sent} */ sent) => (sent.done ? resolve(true) : onSent(sent)));
      instance.on("error", (error) => {
        console.error(error);
        resolve(false);
      });
      instance.once("exit", () => resolve(false));
    });
    instance.postMessage(event);
    const isWell = await isDone;
    instance.removeAllListeners("message").removeAllListeners("error");
    if (isWell && isReused) idle.push(instance);
    else await instance.terminate();
    return isWell;
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  const answer = async (request, response) => {
    /** @type {Buffer[]} */
    const body = [];
    for await (const chunk of request) body.push(chunk);
    const isHttp = request.url !== INVOCATIONS;
    const event = isHttp
      ? eventOf(request, Buffer.concat(body))
      : /** @type {object} */ (JSON.parse(Buffer.concat(body).toString() || "{}"));
    const write = isHttp ? httpWriter(response) : (/** @type {Uint8Array} */ chunk) => response.write(chunk);
    // A client that goes is nothing that Lambda tells the function: it goes on.
    const isWell = await invoke(event, ({ type, chunk, end }) => {
      if (isHttp && type !== undefined && type !== HTTP_RESPONSE) response.setHeader("content-type", type);
      if (chunk) write(chunk);
      if (end) response.end();
    });
    if (isWell) response.end();
    else if (response.headersSent) response.destroy();
    else response.writeHead(502).end("Internal Server Error");
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const reclaim = async () => {
    idle.length = 0;
    await Promise.all([...instances].map((instance) => instance.terminate()));
  };
  return {
    url: `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`,
    reclaim,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await reclaim();
    },
  };
}

/**
 * Splits what a function writes to an `HttpResponseStream`.
 *
 * @param {import("node:http").ServerResponse} response
 * @returns {(chunk: Uint8Array) => void}
 */
function httpWriter(response) {
  let begin = Buffer.alloc(0);
  return (chunk) => {
    if (response.headersSent) return void (chunk.length > 0 && response.write(chunk));
    begin = Buffer.concat([begin, chunk]);
    const at = begin.indexOf(DELIMITER);
    if (at < 0) return;
    const { statusCode = 200, headers = {}, cookies = [] } = JSON.parse(begin.subarray(0, at).toString());
    response.writeHead(statusCode, { ...headers, ...(cookies.length > 0 && { "set-cookie": cookies }) });
    response.flushHeaders();
    const rest = begin.subarray(at + DELIMITER.length);
    if (rest.length > 0) response.write(rest);
  };
}

/**
 * The event of a function URL, payload format 2.0.
 *
 * @param {import("node:http").IncomingMessage} request
 * @param {Buffer} body
 */
function eventOf({ url = "/", method = "GET", headers: { cookie, ...headers } }, body) {
  const { pathname, search, searchParams } = new URL(url, "http://127.0.0.1");
  const isText = /^(text\/|application\/(json|xml|javascript))/.test(headers["content-type"] ?? "text/");
  const domainName = "example.lambda-url.us-east-1.on.aws";
  const now = new Date();
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: pathname,
    rawQueryString: search.slice(1),
    ...(cookie !== undefined && { cookies: cookie.split(/; */) }),
    headers: Object.fromEntries(
      Object.entries({ ...headers, host: domainName }).map(([name, value]) => [name, String(value)]),
    ),
    ...(search !== "" && { queryStringParameters: Object.fromEntries(searchParams) }),
    requestContext: {
      accountId: "anonymous",
      apiId: "example",
      domainName,
      domainPrefix: "example",
      http: {
        method,
        path: pathname,
        protocol: "HTTP/1.1",
        sourceIp: "127.0.0.1",
        userAgent: headers["user-agent"] ?? "",
      },
      requestId: crypto.randomUUID(),
      routeKey: "$default",
      stage: "$default",
      time: now.toUTCString(),
      timeEpoch: now.getTime(),
    },
    ...(body.length > 0 && { body: body.toString(isText ? "utf8" : "base64") }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}
