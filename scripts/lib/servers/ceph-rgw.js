import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ensureCeph } from "./ceph.js";
import { atEndOfProcess, startDaemon } from "./daemon.js";
import { claimPort } from "./ports.js";

/** @import { Daemon } from "./daemon.js" */

const run = promisify(execFile);
const startTimeoutMs = 60_000;
/** Alphanumeric, so that DynamoDB Local takes the same pair. */
const keys = { accessKeyId: "local", secretAccessKey: "local" };

/**
 * @typedef {object} RunningS3
 * @property {string} endpoint for path style
 * @property {string} virtualHostEndpoint for virtual-host style: buckets are names in front of its host
 * @property {string} region
 * @property {string} accessKeyId
 * @property {string} secretAccessKey
 * @property {() => Promise<void>} stop
 */

/**
 * Starts Ceph's S3 in memory and waits until it answers. It ends with this process at the latest.
 * Lifecycle rules are real, but a "day" is 10 seconds there: an object of 1 day is gone after 11 to 20 seconds.
 * With `S3_ENDPOINT`, `S3_ACCESS_KEY_ID`, `S3_SECRET_ACCESS_KEY` and perhaps `S3_REGION` set, that S3 is used and
 * nothing is started.
 *
 * @param {{ port?: number }} [options] a free port is taken when none is given
 * @returns {Promise<RunningS3>}
 */
export async function startCephRgw({ port } = {}) {
  const { S3_ENDPOINT } = process.env;
  if (S3_ENDPOINT) return ownS3(S3_ENDPOINT);

  ensureCeph();
  const folder = mkdtempSync(join(tmpdir(), "ceph-"));
  /** @type {Daemon[]} */
  const daemons = [];
  const givenUp = new AbortController();
  const removeFolder = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  const forget = atEndOfProcess(() => {
    givenUp.abort();
    for (const daemon of daemons) void daemon.stop();
    removeFolder();
  });
  const stop = async () => {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
    removeFolder();
    forget();
  };

  const timer = setTimeout(() => {
    givenUp.abort(
      new Error(`Ceph's S3 did not answer within ${startTimeoutMs / 1_000} s: ${daemons.at(-1)?.lastWords()}`),
    );
  }, startTimeoutMs);
  try {
    const endpoint = `http://127.0.0.1:${await claimPort(port ?? 0, "Ceph's S3")}`;
    await startCluster({ folder, endpoint, daemons, givenUp });
    return { endpoint, virtualHostEndpoint: withHostName(endpoint), region: "us-east-1", ...keys, stop };
  } catch (error) {
    await stop();
    throw givenUp.signal.aborted ? givenUp.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The smallest cluster there is: one monitor, one store, one gateway.
 *
 * @param {object} place
 * @param {string} place.folder
 * @param {string} place.endpoint
 * @param {Daemon[]} place.daemons where they are noted as soon as they run
 * @param {AbortController} place.givenUp is aborted when one of them ends: the tools would wait for it for minutes
 */
async function startCluster({ folder, endpoint, daemons, givenUp }) {
  const { signal } = givenUp;
  const clusterId = randomUUID();
  const storeId = randomUUID();
  const monitor = `v2:127.0.0.1:${await claimPort(0, "Ceph's monitor")}`;
  const monitorMap = join(folder, "monmap");
  const config = join(folder, "ceph.conf");
  writeFileSync(config, cephConfig({ folder, clusterId, monitor, gateway: new URL(endpoint).host }));
  mkdirSync(join(folder, "mon"));
  mkdirSync(join(folder, "osd"));

  /** @param {string} program @param {...string} args */
  const tool = (program, ...args) => run(program, ["-c", config, ...args], { signal, killSignal: "SIGKILL" });
  /** @param {string} program @param {...string} args */
  const daemon = (program, ...args) => {
    const started = startDaemon(program, ["-c", config, "-f", ...args], { isNoise });
    daemons.push(started);
    void started.closed.then(() => {
      const words = program === "radosgw" ? lastLineOf(join(folder, "gateway.log")) : undefined;
      givenUp.abort(new Error(`Ceph (${program}) ended at start: ${words ?? started.lastWords()}`));
    });
  };

  await tool("monmaptool", "--create", "--fsid", clusterId, "--addv", "a", `[${monitor}]`, monitorMap);
  await tool("ceph-mon", "-i", "a", "--mkfs", "--monmap", monitorMap);
  daemon("ceph-mon", "-i", "a");
  await tool("ceph", "osd", "new", storeId);
  await tool("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", storeId);
  daemon("ceph-osd", "-i", "0");
  daemon("radosgw", "-n", "client.rgw");
  while (!(await answers(endpoint))) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const pair = [`--access-key=${keys.accessKeyId}`, `--secret-key=${keys.secretAccessKey}`];
  await tool("radosgw-admin", "-n", "client.rgw", "user", "create", "--uid=tests", "--display-name=tests", ...pair);
}

/**
 * Loopback only, no authentication inside, nothing on disk but the monitor's database.
 *
 * @param {{ folder: string, clusterId: string, monitor: string, gateway: string }} place
 */
function cephConfig({ folder, clusterId, monitor, gateway }) {
  return `
[global]
fsid = ${clusterId}
mon host = ${monitor}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
auth cluster required = none
auth service required = none
auth client required = none
# The gateway's own default, "secure", needs authentication: without it, it would hang for minutes.
ms mon client mode = crc
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
# Waits that make sense among several machines.
paxos propose interval = 0.05
paxos min wait = 0.01
run dir = ${folder}
admin socket =
pid file =
crash dir = ${folder}
keyring = ${folder}/keyring
log to file = false
mon cluster log to file = false
# Each daemon notes in memory, for the dump of a crash, what it does: a fifth of a request's processor time.
debug ms = 0
debug osd = 0
debug objecter = 0
debug objclass = 0
debug rados = 0
osd enable op tracker = false

[mon]
mon data = ${folder}/mon

[osd]
osd data = ${folder}/osd
osd objectstore = memstore
# A limit; memory is taken as objects come.
memstore device bytes = 4294967296
osd class load list = *
osd class default list = *

[client.rgw]
rgw frontends = beast endpoint=${gateway} tcp_nodelay=1
# How soon it notices that the store has come up, when it was faster itself (5 seconds otherwise).
objecter tick interval = 0.2
rgw dns name = s3.localhost
# The seconds that count as a day for lifecycle rules, and how often these are looked at.
rgw lc debug interval = 10
# It closes its stderr, so it says only here why it ended. Errors only: by default, each request gets three lines.
log to file = true
log file = ${folder}/gateway.log
debug rgw = 0
`;
}

/**
 * A daemon's stderr ends with a dump of its last events when it crashes; the reason comes before that.
 * @param {string} line
 */
function isNoise(line) {
  return !/ -1 |[Ee]rror|failed/.test(line) || /AdminSocket|--- /.test(line);
}

/** @param {string} logFile */
function lastLineOf(logFile) {
  try {
    return readFileSync(logFile, "utf8")
      .split("\n")
      .findLast((line) => line !== "" && !isNoise(line));
  } catch {
    return undefined; // it ended before it had one
  }
}

/**
 * @param {string} endpoint
 * @returns {Promise<RunningS3>}
 */
async function ownS3(endpoint) {
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey, S3_REGION: region } = process.env;
  if (!accessKeyId || !secretAccessKey)
    throw new Error("S3_ENDPOINT needs S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY beside it.");
  if (!(await answers(endpoint))) throw new Error(`Nothing answers at S3_ENDPOINT=${endpoint}.`);
  return {
    endpoint,
    virtualHostEndpoint: withHostName(endpoint),
    region: region || "us-east-1",
    accessKeyId,
    secretAccessKey,
    stop: () => Promise.resolve(),
  };
}

/**
 * An address of numbers cannot have a bucket's name in front.
 * @param {string} endpoint
 */
function withHostName(endpoint) {
  return endpoint.replace("//127.0.0.1", "//s3.localhost");
}

/**
 * Any reply will do: an unsigned request is often refused, and that is an answer too.
 * @param {string} endpoint
 */
async function answers(endpoint) {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(5_000) });
    return true;
  } catch {
    return false;
  }
}
