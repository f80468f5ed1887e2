import { runSuite, type Order } from "./suite.js";

/** workerd: an order is a request, and what happens is the lines of its answer. */
export default {
  async fetch(request: Request): Promise<Response> {
    const order = (await request.json()) as Order;
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const print = (line: string): void => void writer.write(new TextEncoder().encode(`${line}\n`));
    void runSuite(order, print)
      .then(() => print("done"))
      .finally(() => void writer.close());
    return new Response(readable);
  },
};
