import { importFrom, NO_SEARCH } from "../peers.js";

/**
 * The saver wants Redis with its JSON and search modules, which neither Debian nor npm has. So its client keeps JSON
 * documents as texts: the saver writes and reads them whole, always. Nothing stands in for the search.
 *
 * @param {{ url: string, folder: string }} server
 */
export async function open({ url, folder }) {
  const { RedisSaver } = await importFrom(folder, "@langchain/langgraph-checkpoint-redis");
  const { createClient } = await importFrom(folder, "redis");
  /** @type {any[]} */
  const clients = [];
  const saver = async () => {
    const client = createClient({ url });
    await client.connect();
    clients.push(client);
    const json = {
      get: async (/** @type {string} */ key) => JSON.parse(await client.get(key)),
      set: (/** @type {string} */ key, /** @type {"$"} */ _path, /** @type {unknown} */ document, options = {}) =>
        client.set(key, JSON.stringify(document), options),
    };
    const ft = { create: () => Promise.resolve("OK"), search: () => Promise.reject(new Error(NO_SEARCH)) };
    Object.defineProperties(client, { json: { value: json }, ft: { value: ft } });
    return new RedisSaver(client);
  };
  await saver();
  return {
    saver,
    server: async () => `Redis ${/redis_version:(.*)/.exec(await clients[0].info("server"))?.[1]?.trim()}`,
    left: async (/** @type {string} */ threadId) =>
      (await clients[0].keys("*")).filter((/** @type {string} */ key) => key.split(":").includes(threadId)).length,
    close: async () => void (await Promise.all(clients.map((client) => client.quit()))),
  };
}
