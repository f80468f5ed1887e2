import { existsSync } from "node:fs";
import { canInstall, install, installCommand, isDebian } from "./apt.js";

const debianPackage = "chromium-headless-shell";
const debianPath = "/usr/bin/chromium-headless-shell";

/** What Chromium needs to run where tests run: without a sandbox as root, and without asking servers of its own. */
export const chromiumArgs = ["--no-sandbox", "--disable-background-networking"];

/**
 * The path of a Chromium without a window: `CHROMIUM`, or Debian's, which is installed where that is possible without asking.
 * @returns {string}
 */
export function ensureChromium() {
  const own = process.env.CHROMIUM;
  if (own) {
    if (!existsSync(own)) throw new Error(`There is nothing at CHROMIUM=${own}.`);
    return own;
  }
  if (existsSync(debianPath)) return debianPath;
  if (canInstall()) {
    console.log("Installing Chromium, in which the tests of pages run (apt-get) …");
    if (install(debianPackage) && existsSync(debianPath)) return debianPath;
    throw new Error(`Chromium could not be installed. To see why, run ${installCommand(debianPackage)}`);
  }
  throw new Error(
    `The tests of pages need Chromium. ${isDebian() ? `Install it: ${installCommand(debianPackage)}.` : "Install Chromium or Chrome."} ` +
      "Or set CHROMIUM to the path of one.",
  );
}
