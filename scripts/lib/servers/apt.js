import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const timeoutMs = 5 * 60_000;
let isUpdated = false;

export function isDebian() {
  return existsSync("/etc/debian_version") && existsSync("/usr/bin/apt-get");
}

/** Whether packages can be installed without asking: as root, which a container's user usually is. */
export function canInstall() {
  return isDebian() && process.getuid?.() === 0;
}

/**
 * What a user would type.
 * @param {...string} packages
 */
export function installCommand(...packages) {
  return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(" ")}`;
}

/**
 * @param {...string} packages
 * @returns {boolean} whether apt-get was content
 */
export function install(...packages) {
  isUpdated ||= aptGet("update"); // may fail on one stale source of many
  return aptGet("install", "-y", "--no-install-recommends", ...packages);
}

/** @param {...string} args */
function aptGet(...args) {
  const { status } = spawnSync("apt-get", ["-qq", "-o", "DPkg::Lock::Timeout=60", ...args], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    timeout: timeoutMs,
  });
  return status === 0;
}
