import { createInterface } from "node:readline";
import { runSuite, unhandled, type Order } from "./suite.js";

/*
 * Node, Deno and Bun: an order is a line of the input, and what happens is lines of the output, each with a mark in
 * front, because tests print too.
 */

const [, , mark] = process.argv;
const print = console.log.bind(console);

process.on("unhandledRejection", unhandled);
process.on("uncaughtException", unhandled);

for await (const line of createInterface({ input: process.stdin })) {
  await runSuite(JSON.parse(line) as Order, (report) => print(mark + report));
  print(`${mark}done`);
}
