import { createServer } from "node:http";
import { connect, createServer as createRelay, type AddressInfo, type Server, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { bundleWorker, startWorker } from "../../../scripts/lib/demo/worker.js";
import { credentials, endpoint, tableName } from "../savers/harness.js";
import { newPrefix } from "../stored/requests.js";
import { agentsOf } from "./agents.js";
import { graphsOf } from "./graphs.js";
import { listening, type Listening } from "./listening.js";
import { Gate, serve } from "./served.js";

/* Where a server of all graphs runs that clients are tested with. */

export interface Host extends Listening {
  /** Where nodes wait. */
  gate: Gate;
}

/** By the name of the runtime. */
export const hosts: [name: string, start: () => Promise<Host>][] = [
  ["Node", inNode],
  ["workerd", inWorkerd],
];

async function inNode(): Promise<Host> {
  const gate = new Gate();
  const waits = { done: [], gate };
  const keyPrefix = newPrefix();
  const store = new DynamoDBStore({
    tableName: tableName(),
    region: "us-east-1",
    credentials: credentials(),
    endpoint: endpoint(),
    keyPrefix,
    // Tests of pages put a document into this process.
    dangerouslyAllowBrowser: true,
  });
  const { server } = serve({ graphs: { ...graphsOf(waits), ...agentsOf(waits) }, store }, { keyPrefix });
  return { gate, ...(await listening(server)) };
}

/** Behind a relay, whose connections can be cut. */
async function inWorkerd(): Promise<Host> {
  const gate = new Gate();
  const gateServer = createServer((_request, response) => void gate.pass().then(() => response.end()));
  const script = await bundleWorker({
    absWorkingDir: fileURLToPath(new URL("../../../", import.meta.url)),
    entryPoints: ["tests/lanes/server/guest.ts"],
  });
  const { accessKeyId, secretAccessKey } = credentials();
  const worker = await startWorker(
    { script, compatibilityDate: "2026-04-01", compatibilityFlags: ["nodejs_compat"], vars: {} },
    {
      vars: {
        GATE_URL: await listen(gateServer),
        KEY_PREFIX: newPrefix(),
        AWS_REGION: "us-east-1",
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_ENDPOINT_URL_DYNAMODB: endpoint(),
        DYNAMODB_TABLE_NAME: tableName(),
      },
    },
  );
  const sockets = new Set<Socket>();
  const relay = createRelay((near) => {
    const far = connect(Number(new URL(worker.url).port), "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on("error", () => undefined);
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  const url = await listen(relay);
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    gate,
    url,
    cut,
    async close() {
      cut();
      gateServer.closeAllConnections();
      await Promise.all([worker.kill(), closed(relay), closed(gateServer)]);
    },
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const closed = (server: Server): Promise<unknown> => new Promise((resolve) => server.close(resolve));
