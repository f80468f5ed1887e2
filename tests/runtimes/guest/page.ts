import { runSuite, type Order } from "./suite.js";

/** A browser's page: the host calls this, and is called with what happens. */
Object.assign(globalThis, {
  runOrder: (order: Order) =>
    runSuite(order, (line) => (globalThis as unknown as { report: (line: string) => void }).report(line)),
});
