import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { mapChatMessagesToStoredMessages } from "@langchain/core/messages";
import { interrupt } from "@langchain/langgraph";
import { InMemoryStore } from "@langchain/langgraph-checkpoint";
import { expect, inject, test } from "vitest";
import { newestPeers, oldestPeers, packageJson, peersTable, withPeersTable } from "../scripts/lib/testing/peers.js";

/* Which LangGraph a lane runs with, asked of LangGraph itself, and what docs/support.md says of it. */

/** A call of each package that throws: the stack says from which file. */
const THROWERS = {
  "@langchain/core": () => mapChatMessagesToStoredMessages([undefined as never]),
  "@langchain/langgraph": () => interrupt("outside of a graph"),
  "@langchain/langgraph-checkpoint": () => new InMemoryStore().batch(undefined as never),
};

test.each(Object.entries(THROWERS))("this lane runs with the version of %s that it says", async (name, call) => {
  const stack = await Promise.resolve()
    .then(call)
    .then(
      () => undefined,
      (error: Error) => error.stack,
    );
  const [, folder] = new RegExp(`((?:file://)?/[^ ()]*/node_modules/${name}/)`).exec(stack ?? "") ?? [];
  const file = `${folder?.startsWith("file:") ? fileURLToPath(folder) : folder}package.json`;
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };

  expect(version).toBe(inject("peers")[name]);
});

test("the page on support names the versions that are tested", () => {
  const page = readFileSync(new URL("../docs/support.md", import.meta.url), "utf8");

  expect(withPeersTable(page, peersTable(oldestPeers(), newestPeers()))).toBe(page);
});

test("the oldest are the first that the peer range admits", () => {
  const { peerDependencies } = packageJson();

  for (const [name, range] of Object.entries(peerDependencies)) expect(range, name).toBe(`^${oldestPeers()[name]}`);
});
