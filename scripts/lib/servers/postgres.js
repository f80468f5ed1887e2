import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canInstall, install, installCommand, isDebian } from "./apt.js";
import { startDaemon } from "./daemon.js";
import { claimPort } from "./ports.js";

/** What LangGraph's PostgresSaver is tested with here. */
const debianPackage = "postgresql";
const folder = "/usr/lib/postgresql";
const startTimeoutMs = 60_000;

/**
 * The folder of PostgreSQL's programs: found, or installed where that is possible without asking.
 * @returns {string}
 */
function ensurePostgres() {
  const found = findPostgres();
  if (found) return found;
  if (canInstall()) {
    console.log("Installing PostgreSQL, which a test takes threads over from (apt-get) …");
    install(debianPackage);
    const installed = findPostgres();
    if (installed) return installed;
  }
  throw new Error(
    "A test needs PostgreSQL. " +
      `${isDebian() ? `Run ${installCommand(debianPackage)}` : "Set POSTGRES_URL to one of your own."}`,
  );
}

function findPostgres() {
  const versions = existsSync(folder) ? readdirSync(folder) : [];
  return versions.map((version) => join(folder, version, "bin")).findLast((bin) => existsSync(join(bin, "initdb")));
}

/**
 * Starts PostgreSQL with an empty database, and waits until it answers. It ends with this process at the latest.
 * With `POSTGRES_URL` set, that one is used and nothing is started.
 *
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
export async function startPostgres() {
  if (process.env.POSTGRES_URL) return { url: process.env.POSTGRES_URL, stop: () => Promise.resolve() };
  const bin = ensurePostgres();
  const data = mkdtempSync(join(tmpdir(), "postgres-"));
  const user = ordinaryUser();
  if (user) chownSync(data, user.uid, user.gid);
  const { status, stderr } = spawnSync(
    join(bin, "initdb"),
    ["-D", data, "-U", "test", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
    { cwd: "/", encoding: "utf8", ...user },
  );
  if (status !== 0) throw new Error(`PostgreSQL could not make a database: ${stderr}`);

  const port = await claimPort(0, "PostgreSQL");
  const args = ["-D", data, "-h", "127.0.0.1", "-p", String(port), "-k", data, "-F"];
  const server = user
    ? startDaemon(
        "setpriv",
        [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups", join(bin, "postgres"), ...args],
        { cwd: "/" },
      )
    : startDaemon(join(bin, "postgres"), args);
  const stop = async () => {
    await server.stop();
    rmSync(data, { recursive: true, force: true });
  };
  // A port that can be connected to says too little: it may still be starting up.
  const isReady = () => spawnSync(join(bin, "pg_isready"), ["-q", "-h", "127.0.0.1", "-p", String(port)]).status === 0;
  for (const deadline = Date.now() + startTimeoutMs; !isReady();) {
    if (server.ended() || Date.now() > deadline) {
      await stop();
      throw new Error(`PostgreSQL did not start: ${server.lastWords()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url: `postgres://test@127.0.0.1:${port}/postgres`, stop };
}

/** PostgreSQL does not run as root. Its package makes a user for it. */
function ordinaryUser() {
  if (process.getuid?.() !== 0) return undefined;
  /** @param {string} option */
  const idOf = (option) => Number(spawnSync("id", [option, "postgres"], { encoding: "utf8" }).stdout);
  return { uid: idOf("-u"), gid: idOf("-g") };
}
