/**
 * @typedef {{ event: string, data: any }} ServerSentEvent
 * @typedef {Record<string, Record<string, number>>} Usage by operation
 */

/**
 * A client of the Worker's HTTP interface.
 *
 * @param {object} options
 * @param {string} options.url
 * @param {string} options.token whose user it speaks for
 * @param {(usage: Usage) => void} [options.onUsage] is told what each request cost
 */
export function createAgentClient({ url, token, onUsage = () => {} }) {
  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body] a string as it is, everything else as JSON
   */
  async function send(method, path, body) {
    const isText = typeof body === "string";
    const headers = { authorization: `Bearer ${token}`, "content-type": isText ? "text/plain" : "application/json" };
    const response = await fetch(url + path, {
      method,
      headers,
      ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
    });
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
