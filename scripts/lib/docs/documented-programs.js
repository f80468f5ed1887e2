import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** @import { Block } from "./documents.js" */

/** Below the project, so that its packages are found from there. */
const folder = fileURLToPath(new URL("../../../.cache/docs/", import.meta.url));

/**
 * Writes a block of code to a file of its own, and says which.
 * @param {Block} block
 * @returns {string}
 */
export function writeExample({ place, text }) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${place.replace(/\W+/g, "-")}.mts`);
  writeFileSync(file, `${text}\n\nexport {};\n`);
  return file;
}

/** Those of other days. */
export const removeExamples = () => rmSync(folder, { recursive: true, force: true });
