import { ensureRuntimes, executableOf } from "../testing/runtimes.js";

/** What Chromium needs to run where tests run: without a sandbox as root, and without asking servers of its own. */
export const chromiumArgs = ["--no-sandbox", "--disable-background-networking"];

/**
 * The path of a Chromium without a window. Debian's is installed where that is possible without asking.
 * @returns {Promise<string>}
 */
export async function ensureChromium() {
  await ensureRuntimes(["chromium"]);
  return executableOf("chromium");
}
