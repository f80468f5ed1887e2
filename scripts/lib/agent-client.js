/**
 * @typedef {{ event: string, data: any }} ServerSentEvent
 * @typedef {Record<string, Record<string, number>>} Usage by operation
 */

/**
 * A client of the Worker's HTTP interface.
 *
 * @param {string} url
 * @param {(usage: Usage) => void} [onUsage] is told what each request cost
 */
export function createAgentClient(url, onUsage = () => {}) {
  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body] a string as it is, everything else as JSON
   */
  async function send(method, path, body) {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(url + path, { method, ...(body !== undefined && { body: text }) });
    const usage = response.headers.get("x-dynamodb-usage");
    if (usage) onUsage(JSON.parse(usage));
    if (!response.ok) {
      const { error } = await response.json();
      throw new Error(`${method} ${path} was answered with ${response.status} ${error.code}: ${error.message}`);
    }
    return response;
  }

  return {
    /** @param {string} path */
    async get(path) {
      return (await send("GET", path)).json();
    },

    /**
     * @param {string} path
     * @param {string} text
     */
    async put(path, text) {
      return (await send("PUT", path, text)).json();
    },

    /** @param {string} path */
    async delete(path) {
      await send("DELETE", path);
    },

    /**
     * Posts and yields the events of the run.
     *
     * @param {string} path
     * @param {unknown} body
     */
    async *stream(path, body) {
      const response = await send("POST", path, body);
      for await (const event of serverSentEvents(response)) {
        if (event.event === "usage") onUsage(event.data);
        if (event.event === "error") throw new Error(`The run failed: ${event.data.error.message}`);
        yield event;
      }
    },
  };
}

/**
 * The events of a `text/event-stream`.
 *
 * @param {Response} response
 * @returns {AsyncGenerator<ServerSentEvent>}
 */
export async function* serverSentEvents(response) {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s)));
      yield { event: fields.event, data: JSON.parse(fields.data) };
    }
  }
}
