/** Sends one server-sent event. Does nothing once the client is gone. */
export type SendEvent = (event: string, data: unknown) => void;

/**
 * A response of server-sent events that `produce` sends. `done` settles when `produce` has ended, whether or not
 * the client still listens: what runs does not depend on who reads along.
 */
export function eventStream(produce: (send: SendEvent) => Promise<void>): { response: Response; done: Promise<void> } {
  const encoder = new TextEncoder();
  let done = Promise.resolve();
  let listening = true;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send: SendEvent = (event, data) => {
        // JSON holds no line break, so one `data:` line is always enough.
        if (listening) controller.enqueue(encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
      };
      done = produce(send).finally(() => {
        if (listening) controller.close();
      });
    },
    cancel() {
      listening = false;
    },
  });
  const response = new Response(body, {
    headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" },
  });
  return { response, done };
}
