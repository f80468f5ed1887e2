import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const text = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");

test("every file and folder that ARCHITECTURE.md names is there", () => {
  const missing: string[] = [];
  for (const paragraph of text.split(/\n\n|\n(?=[|\d-])/)) {
    let room = "";
    for (const [, name = ""] of paragraph.matchAll(/`((?:[\w-]+\/)*[\w-]+(?:\.(?:ts|js|md)|\/))`/g)) {
      // One without a folder is beside the one before it, or with the steps of a put.
      const folders = name.includes("/") ? [""] : [room, "src/checkpoint/write", "src/checkpoint/read", "src"];
      if (!folders.some((folder) => existsSync(join(root, folder, name)))) missing.push(name);
      if (name.includes("/")) room = dirname(name);
    }
  }
  expect(missing).toEqual([]);
});

test("every room of the drawing is there, and every room is in the drawing", () => {
  const drawing = /```\n([^]*?)```/.exec(text)![1]!;
  const named = [...drawing.matchAll(/(?:^|\s)([a-z0-9-]+)\/(?=[\s;:,])/g)].map(([, room]) => room!);
  const floors = readFileSync(join(root, "scripts/check-rooms.js"), "utf8");
  const rooms = [...floors.matchAll(/"src\/([\w-]+)\/"/g)].map(([, room]) => room!);
  expect(rooms.length).toBeGreaterThan(8);
  expect(rooms.filter((room) => !named.includes(room))).toEqual([]);
  const places = ["", "threads", "checkpoint", "format", "aws"].map((above) => join(root, "src", above));
  expect(named.filter((room) => !places.some((above) => existsSync(join(above, room))))).toEqual([]);
});
