import { Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";

/* An instance of a Lambda function: the global that AWS's runtime for Node.js gives, and one event at a time. */

const port = /** @type {import("node:worker_threads").MessagePort} */ (parentPort);

/** What a function writes to: as AWS's, it sends what `from` was given at the first write, and not at the end. */
class ResponseStream extends Writable {
  /** @type {Uint8Array | undefined} */
  prelude;

  /** @param {string} type */
  setContentType(type) {
    port.postMessage({ type });
  }

  /**
   * @override
   * @param {Uint8Array} chunk
   * @param {string} _encoding
   * @param {() => void} done
   */
  _write(chunk, _encoding, done) {
    const { prelude } = this;
    this.prelude = undefined;
    port.postMessage({ chunk: prelude ? Buffer.concat([prelude, chunk]) : chunk });
    done();
  }

  /**
   * @override
   * @param {() => void} done
   */
  _final(done) {
    port.postMessage({ end: true });
    done();
  }
}

Object.assign(globalThis, {
  awslambda: {
    streamifyResponse: (/** @type {unknown} */ handler) => handler,
    HttpResponseStream: {
      from(/** @type {ResponseStream} */ stream, /** @type {object} */ metadata) {
        stream.setContentType("application/vnd.awslambda.http-integration-response");
        stream.prelude = Buffer.concat([Buffer.from(JSON.stringify(metadata)), Buffer.alloc(8)]);
        return stream;
      },
    },
  },
});

/** @type {{ handler: (event: unknown, stream: ResponseStream, context: object) => Promise<unknown> }} */
const { handler } = await import(pathToFileURL(workerData.outfile).href);

port.on("message", (event) => {
  // What it throws ends this instance.
  void handler(event, new ResponseStream(), {}).then(() => port.postMessage({ done: true }));
});
