import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { npm } from "../install.js";
import { canInstall, install, installCommand, isDebian } from "../servers/apt.js";

/** The runtimes that come from npm, each at one version. `alias: package@version` */
const packages = /** @type {const} */ ({
  node22: "npm:node@22.23.3",
  node24: "npm:node@24.21.0",
  node26: "npm:node@26.10.0",
  deno: "npm:deno@2.9.6",
  bun: "npm:bun@1.4.5",
});

/** Debian's and Ubuntu's names for a Chromium. */
const chromiums = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];
const chromiumPackage = "chromium-headless-shell";

const folder = fileURLToPath(new URL("../../../.cache/runtimes/", import.meta.url));

/** @typedef {keyof typeof packages | "chromium"} InstalledRuntime */

export const runtimeNames = /** @type {InstalledRuntime[]} */ ([...Object.keys(packages), "chromium"]);

/**
 * Installs runtimes that are missing, where that is possible without asking. `executableOf` says what is missing still.
 * @param {InstalledRuntime[]} wanted
 */
export async function ensureRuntimes(wanted) {
  const missing = /** @type {(keyof typeof packages)[]} */ (Object.keys(packages)).filter(
    (name) => wanted.includes(name) && !isInstalled(name),
  );
  if (missing.length > 0) console.log(`Installing ${missing.join(", ")} (npm) …`);
  const byNpm = missing.length > 0 && npm(npmInstall(missing));
  if (wanted.includes("chromium") && !findChromium() && canInstall()) {
    console.log("Installing Chromium (apt-get) …");
    install(chromiumPackage);
  }
  await byNpm;
}

/**
 * The path of a runtime's executable.
 * @param {InstalledRuntime} name
 * @returns {string}
 */
export function executableOf(name) {
  if (name === "chromium") {
    const found = findChromium();
    if (found) return found;
    const how = isDebian() ? `Install it: ${installCommand(chromiumPackage)}` : "Install Chromium";
    throw new Error(`There is no Chromium. ${how}, or set CHROMIUM_PATH to one.`);
  }
  if (isInstalled(name)) return binary(name);
  throw new Error(`There is no ${name} in .cache/runtimes. Install it: npm ${npmInstall([name]).join(" ")}`);
}

/** @param {(keyof typeof packages)[]} names */
function npmInstall(names) {
  return [
    "install",
    "--prefix",
    folder,
    "--save-exact",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    ...names.map((name) => `${name}@${packages[name]}`),
  ];
}

/** @param {keyof typeof packages} name */
function isInstalled(name) {
  try {
    const { version } = JSON.parse(readFileSync(`${folder}node_modules/${name}/package.json`, "utf8"));
    return packages[name].endsWith(`@${version}`) && existsSync(binary(name));
  } catch {
    return false;
  }
}

/** @param {keyof typeof packages} name */
function binary(name) {
  const file = { node22: "bin/node", node24: "bin/node", node26: "bin/node", deno: "deno", bun: "bin/bun.exe" }[name];
  return `${folder}node_modules/${name}/${file}${process.platform === "win32" && !file.endsWith(".exe") ? ".exe" : ""}`;
}

function findChromium() {
  return [process.env.CHROMIUM_PATH, ...chromiums].find((path) => path && existsSync(path));
}
