import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";

const TABLES = ["checkpoints", "checkpoint_blobs", "checkpoint_writes"];

/** @param {{ url: string }} server */
export async function open({ url }) {
  /** @type {any[]} */
  const savers = [];
  const saver = async () => {
    const made = PostgresSaver.fromConnString(url);
    savers.push(made);
    await made.setup();
    return made;
  };
  await saver();
  /** @param {string} sql @param {unknown[]} [values] */
  const sum = async (sql, values) => Number((await savers[0].pool.query(sql, values)).rows[0].sum);
  return {
    saver,
    server: async () => {
      const { rows } = await savers[0].pool.query("SHOW server_version");
      return `PostgreSQL ${rows[0].server_version.split(" ")[0]}`;
    },
    left: (/** @type {string} */ threadId) =>
      sum(`SELECT ${TABLES.map((t) => `(SELECT count(*) FROM ${t} WHERE thread_id = $1)`).join(" + ")} AS sum`, [
        threadId,
      ]),
    stored: () => sum(`SELECT ${TABLES.map((t) => `pg_total_relation_size('${t}')`).join(" + ")} AS sum`),
    close: async () => void (await Promise.all(savers.map((one) => one.end()))),
  };
}
