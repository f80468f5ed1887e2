import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { FLOORS } from "../scripts/lib/floors.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const text = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
const drawing = /```\n([^]*?)```/.exec(text)![1]!;

/** What the drawing has, from the top: in a room of `src` below its name, and the names of rooms end with "/". */
function drawn(): Record<string, string[]> {
  const floors: Record<string, string[]> = { "src/": [] };
  let room = "src/";
  for (const [, indent, name = ""] of drawing.matchAll(/^( {2})?([\w.-]+\/?)(?= |$)/gm)) {
    if (indent) (floors[room] ??= []).push(name);
    else {
      floors["src/"]!.push(name);
      room = `src/${name}`;
    }
  }
  return floors;
}

const foldersIn = (room: string): string[] =>
  readdirSync(join(root, room), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${name}/`);

test("the drawing has the rooms in the order that lint holds them to", () => {
  const named = Object.entries(FLOORS).map(([room, floors]) => [room, floors.filter((one) => one !== "*").reverse()]);
  expect(drawn()).toEqual(Object.fromEntries(named));
});

test("the drawing has every folder of src and of its rooms, and every file and folder that it has is there", () => {
  const all = drawn();
  const places = Object.entries(all).flatMap(([room, names]) => names.map((name) => room + name));
  expect(places.filter((place) => !existsSync(join(root, place)))).toEqual([]);
  const rooms = foldersIn("src").map((room) => `src/${room}`);
  expect(rooms.length).toBeGreaterThan(8);
  const folders = rooms.flatMap((room) => [room, ...foldersIn(room).map((folder) => room + folder)]);
  expect(folders.filter((folder) => !places.includes(folder))).toEqual([]);
  // The drawing and the check know two storeys.
  const deeper = folders.filter((folder) => !rooms.includes(folder)).flatMap(foldersIn);
  expect(deeper).toEqual([]);
});

test("every file and folder that the text names is there, whole or beside the one before it", () => {
  const missing: string[] = [];
  let named = 0;
  for (const paragraph of text.replace(drawing, "").split(/\n\n|\n(?=[|\d-])/)) {
    let room = "";
    for (const [, name = ""] of paragraph.matchAll(/`((?:[\w-]+\/)*[\w-]+(?:\.(?:ts|js|md)|\/))`/g)) {
      named++;
      if (!existsSync(join(root, name.includes("/") ? "" : room, name))) missing.push(name);
      if (name.includes("/")) room = dirname(name);
    }
  }
  expect(named).toBeGreaterThan(60);
  expect(missing).toEqual([]);
});

test("what the table names stands in the file that it names for it", () => {
  const rows = [...text.matchAll(/^\|(.+)\|(.+)\|(.*)\|$/gm)].slice(2);
  expect(rows.length).toBeGreaterThan(15);
  const wrong: string[] = [];
  for (const [, question, files = "", names = ""] of rows) {
    const sources = ticked(files).map((file) => readFileSync(join(root, file), "utf8"));
    const absent = ticked(names).filter((name) => !sources.some((source) => new RegExp(`\\b${name}\\b`).test(source)));
    const idle = sources.length === 0 || (names.trim() !== "" && ticked(names).length === 0);
    if (idle || absent.length > 0) wrong.push(`${question?.trim()}: ${absent.join(", ")}`);
  }
  expect(wrong).toEqual([]);
});

const ticked = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
