import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importFrom } from "../peers.js";

/** @param {{ folder: string }} server */
export async function open({ folder }) {
  const { SqliteSaver } = await importFrom(folder, "@langchain/langgraph-checkpoint-sqlite");
  const place = mkdtempSync(join(tmpdir(), "compare-sqlite-"));
  const file = join(place, "checkpoints.db");
  const saver = () => SqliteSaver.fromConnString(file);
  const first = saver();
  first.setup();
  return {
    saver,
    left: async (/** @type {string} */ threadId) =>
      ["checkpoints", "writes"]
        .map((table) => first.db.prepare(`SELECT count(*) AS n FROM ${table} WHERE thread_id = ?`).get(threadId).n)
        .reduce((sum, n) => sum + n, 0),
    stored: async () => {
      first.db.pragma("wal_checkpoint(TRUNCATE)");
      return statSync(file).size;
    },
    close: async () => rmSync(place, { recursive: true, force: true }),
  };
}
