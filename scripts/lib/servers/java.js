import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { canInstall, install, installCommand, isDebian } from "./apt.js";

/** What DynamoDB Local 3 is compiled for. */
const oldestJava = 17;
/** Debian and Ubuntu releases carry one of the two. */
const debianPackages = /** @type {const} */ (["openjdk-17-jre-headless", "openjdk-21-jre-headless"]);

/**
 * The path of a Java that can run DynamoDB Local: found, or installed where that is possible without asking.
 * @returns {string}
 */
export function ensureJava() {
  const found = findJava();
  if (found) return found;
  if (canInstall()) {
    console.log("Installing Java, which DynamoDB Local needs (apt-get) …");
    // One after the other; whether that gave us a Java is for `findJava` to say.
    debianPackages.some((name) => install(name));
    const installed = findJava();
    if (installed) return installed;
    throw new Error(`Java ${oldestJava} could not be installed. To see why, run ${installCommand(debianPackages[0])}`);
  }
  throw new Error(
    `DynamoDB Local needs Java ${oldestJava} or newer. ${howToInstall()} ` +
      "Or set DYNAMODB_ENDPOINT to a DynamoDB of your own.",
  );
}

/** @returns {string | undefined} */
function findJava() {
  const { JAVA_HOME } = process.env;
  const candidates = [...(JAVA_HOME ? [join(JAVA_HOME, "bin", "java")] : []), "java", ...installedJvms()];
  return candidates.find((java) => javaVersion(java) >= oldestJava);
}

/** Debian keeps JVMs side by side; the one on the PATH may be an older one. */
function installedJvms() {
  const folder = "/usr/lib/jvm";
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name, "bin", "java")) : [];
}

/**
 * @param {string} java
 * @returns {number} the major version; 0 when this is no Java that runs (macOS has a stub of that name)
 */
function javaVersion(java) {
  const { status, stderr } = spawnSync(java, ["-version"], { encoding: "utf8", timeout: 20_000 });
  const match = status === 0 ? /version "(\d+)/.exec(stderr) : null;
  return Number(match?.[1] ?? 0);
}

function howToInstall() {
  if (isDebian()) return `Install it: ${installCommand(debianPackages[0])}.`;
  if (process.platform === "darwin") return "Install it: brew install openjdk@17, then set JAVA_HOME.";
  return "Install a Java runtime and put it on the PATH, or set JAVA_HOME.";
}
