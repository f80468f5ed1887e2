import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startCephRgw, type RunningS3 } from "../../../scripts/lib/servers/ceph-rgw.js";
import { startDynamoDBLocal } from "../../../scripts/lib/servers/dynamodb-local.js";
import { startEmbeddedDynamoDB } from "../../../scripts/lib/servers/embedded-dynamodb.js";
import { credentials as embeddedKeys, startEmbeddedS3 } from "../../../scripts/lib/servers/embedded-s3.js";
import { claimPort } from "../../../scripts/lib/servers/ports.js";
import { planFromEnv, type Servers } from "../../../scripts/lib/testing/test-plan.js";
import { startForwarder } from "../servers/forwarder.js";
import { startPageServer } from "../servers/page-server.js";
import { BUCKET, createBucket, type S3Place } from "../stored/s3-client.js";

declare module "vitest" {
  interface ProvidedContext {
    /** For files of this run; removed at its end. */
    folder: string;
    /** Undefined where no test of the run needs one. */
    dynamodbEndpoint: string | undefined;
    /** Where the page is in which tests run; undefined where no test of the run needs one. */
    pageOrigin: string | undefined;
    /** Of a run whose tests do not need it, nothing is there. */
    s3: S3Place;
    /** The pair that both know. */
    keys: { accessKeyId: string; secretAccessKey: string };
    /** Which of the two is an embedded one, and lacks what only the real one has. */
    embedded: ("dynamodb" | "s3")[];
    soak: Soak;
    /**
     * `SOAK_CUTS`: at how many places each call is cut at most, if not at those that `npm test` takes; "all" at every
     * one.
     */
    cuts: number | undefined;
    /**
     * How often is tried what is drawn from very many: `little` where another lane does it, because it hardly depends
     * on the runtime; `usual` in Node; `full` there too, where `npm run test:whole` or a name asks for it.
     */
    effort: "little" | "usual" | "full";
    /** The versions of LangGraph that the lane runs with. */
    peers: Record<string, string>;
  }
}

/** For the tests that can go on for as long as one likes. workerd has no environment to read it from. */
export interface Soak {
  /** `SOAK_SEED`; any number by default. */
  seed: number;
  /** `SOAK_MINUTES`: how long; 0 is as long as in `npm test`. */
  minutes: number;
  /** `SOAK_SHARE`: of all requests, how many meet a fault. */
  share: number;
  /** `SOAK_RUNS`: how often, for what is counted; 0 is as often as in `npm test`. */
  runs: number;
}

function soakFromEnv(): Soak {
  const { SOAK_SEED, SOAK_MINUTES, SOAK_SHARE, SOAK_RUNS } = process.env;
  return {
    seed: Number(SOAK_SEED || Math.floor(Math.random() * 1e6)),
    minutes: Number(SOAK_MINUTES || 0),
    share: Number(SOAK_SHARE || 0.2),
    runs: Number(SOAK_RUNS || 0),
  };
}

/**
 * One DynamoDB and one S3 for all lanes, if their tests need them. Each saver of a test has its own key prefix there,
 * so tests don't meet.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const plan = planFromEnv();
  const folder = await mkdtemp(join(tmpdir(), "tests-"));
  const running: { stop(): Promise<void> }[] = [];
  const started = async <T extends { stop(): Promise<void> }>(start: Promise<T>): Promise<T> => {
    const server = await start;
    running.push(server);
    return server;
  };

  const { SOAK_CUTS } = process.env;
  project.provide("folder", folder);
  project.provide("soak", soakFromEnv());
  project.provide("cuts", SOAK_CUTS ? (SOAK_CUTS === "all" ? Number.MAX_SAFE_INTEGER : Number(SOAK_CUTS)) : undefined);
  project.provide(
    "embedded",
    (["dynamodb", "s3"] as const).filter((name) => plan[name] === "embedded"),
  );
  project.provide("keys", NO_KEYS);
  project.provide("dynamodbEndpoint", undefined);
  project.provide("pageOrigin", undefined);
  if (plan.dynamodb !== "none" || plan.s3 !== "none" || plan.lanes.includes("chromium")) {
    const [page, forwarder] = await Promise.all([started(startPageServer()), started(startForwarder())]);
    const pageOrigin = page.url;
    project.provide("pageOrigin", pageOrigin);
    await Promise.all([
      startDynamoDB(plan.dynamodb, pageOrigin),
      startS3(plan.s3, { pageOrigin, forwarder: forwarder.url }),
    ]);
  }

  async function startDynamoDB(kind: Servers, pageOrigin: string): Promise<void> {
    if (kind === "none") return;
    const real = () => startDynamoDBLocal({ pageOrigin });
    const embedded = async () => startEmbeddedDynamoDB({ port: await claimPort(0, "DynamoDB"), origins: ["*"] });
    const { endpoint } = await started<{ endpoint: string; stop(): Promise<void> }>(
      kind === "real" ? real() : embedded(),
    );
    project.provide("dynamodbEndpoint", endpoint);
  }

  async function startS3(kind: Servers, where: Pick<S3Place, "pageOrigin" | "forwarder">): Promise<void> {
    if (kind === "none") return;
    const { stop: _, ...place } = await started(kind === "real" ? startCephRgw() : startEmbedded());
    const s3: S3Place = { ...place, ...where };
    if (kind === "real") await createBucket(s3);
    project.provide("s3", s3);
    project.provide("keys", { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey });
  }

  async function startEmbedded(): Promise<RunningS3> {
    const { endpoint, stop } = await startEmbeddedS3({
      path: join(folder, "s3"),
      port: 0,
      bucket: BUCKET,
      origins: ["*"],
    });
    return { endpoint, virtualHostEndpoint: endpoint, region: "us-east-1", ...embeddedKeys, stop };
  }

  return async () => {
    await Promise.all(running.map((server) => server.stop()));
    await rm(folder, { recursive: true, force: true });
  };
}

/** DynamoDB Local takes any that is alphanumeric. */
const NO_KEYS = { accessKeyId: "local", secretAccessKey: "local" };
