import { fail } from "../model/shown.js";
import type { Item } from "../world/item.js";
import type { StoreWorld } from "./store-world.js";

/* What is in the table in the end, however it is read. */

const shown = (keys: string[]): string =>
  `${keys.slice(0, 4).join(", ")}${keys.length > 4 ? ` and ${keys.length - 4} more` : ""}`;

const hadFaults = ({ instances }: StoreWorld): boolean => instances.some(({ client }) => client.faults > 0);

const textOf = ({ PK, SK }: Item): string => `${PK!.S as string} ${SK!.S as string}`;

/** That nothing is left. */
export function judgeRest(world: StoreWorld, why: string): void {
  const { table, bucket } = world;
  const faults = hadFaults(world) ? "" : " without any fault";
  const items = table.items().map(textOf);
  if (items.length > 0) fail(`${why}${faults}, and left in the table are ${shown(items)}`);
  // An object that arrived when its caller had given up can outlive it: S3 cannot refuse it.
  const objects = [...bucket.objects].flatMap(([key, { late }]) => (late ? [] : [key]));
  if (objects.length > 0) fail(`${why}${faults}, and left in the bucket are ${shown(objects)}`);
}

/** That what is left belongs to items: each has its order pointer, and its namespace a row, and there are no others. */
export function judgeOrder(world: StoreWorld, why: string, count: number): void {
  const items = world.table.items().filter(({ PK }) => !/X#\d$/.test(PK!.S as string));
  const of = (sign: string): Item[] => items.filter(({ SK }) => (SK!.S as string).startsWith(sign));
  const entries = of("I#");
  if (entries.length !== count) fail(`${why}: ${count} items are found, and left are ${shown(entries.map(textOf))}`);
  const wanted = entries.flatMap(({ PK, SK, created }): string[] => {
    const [, keyPrefix, namespace] = /^(.*?)(N#.*)$/s.exec(PK!.S as string)!;
    const pointer = `O#${(created!.N as string).padStart(16, "0")}#${(SK!.S as string).slice(2)}`;
    return [`${PK!.S as string} ${pointer}`, `${keyPrefix}NAMESPACES#0 ${namespace}`];
  });
  const there = [...of("O#"), ...items.filter(({ PK }) => (PK!.S as string).endsWith("NAMESPACES#0"))].map(textOf);
  const lacking = [...new Set(wanted)].filter((one) => !there.includes(one));
  if (lacking.length > 0) fail(`${why}, and an item lacks ${shown(lacking)}`);
  const spare = there.filter((one) => !wanted.includes(one));
  if (spare.length > 0) fail(`${why}, and of no item are ${shown(spare)}`);
  // What a put that failed has stored goes with its namespace.
  if (hadFaults(world)) return;
  const borns = new Set(entries.map(({ PK, born }) => `${PK!.S as string} ${String(born?.S)}`));
  const lost = [...of("S#"), ...of("P#")].filter(
    ({ PK, SK }) => !borns.has(`${PK!.S as string} ${(SK!.S as string).split("#")[1]!}`),
  );
  if (lost.length > 0) fail(`${why} without any fault, and of no item are ${shown(lost.map(textOf))}`);
}
