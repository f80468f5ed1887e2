/** @import { Mutant } from "./mutants.js" */

/** @type {Mutant[]} Faults of the store and the cache, as those of the saver in `mutants.js`. */
export const storeMutants = [
  {
    name: "an item is put over whatever is there, not over what was seen",
    edits: [
      {
        file: "store/entries/replace.ts",
        from: "condition: version ? `#${VERSION} = :seen` : `attribute_not_exists(#${VERSION})`,",
        to:
          "condition: version ? `#${VERSION} = :seen OR attribute_exists(#${VERSION})` : " +
          "`attribute_not_exists(#${VERSION}) OR attribute_exists(#${VERSION})`,",
      },
    ],
  },
  {
    name: "a call whose answer was lost is made once more, over what came after it",
    edits: [
      {
        file: "store/entries/replace.ts",
        from: "    if (seen && wasApplied(call.name, seen)) return { isApplied: true, replaced, there: seen };\n",
        to: "",
      },
      {
        file: "store/entries/replace.ts",
        from: "    if (seen && isOvertaken(call.name, seen)) return { isApplied: false, replaced, there: seen };\n",
        to: "",
      },
    ],
  },
  {
    name: "a deletion deletes the item, and leaves no mark",
    edits: [
      {
        file: "store/entries/replace.ts",
        from: "  // Who deletes it again, because the caller could not, finds the order pointer.\n",
        to: "  if (seen) return entries.backend.db.batchDelete([entryKey]).then(() => seen);\n",
      },
    ],
  },
  {
    name: "an item does not wait for its segments",
    edits: [
      {
        file: "store/entries/replace.ts",
        from: "    await Promise.all([storing, areSegments && writeSegments(backend, plan, life, beside)]);\n",
        to:
          "    if (areSegments) void writeSegments(backend, plan, life, beside).catch(() => undefined);\n" +
          "    await storing;\n",
      },
    ],
  },
  {
    name: "an item that has expired is shown",
    edits: [
      {
        file: "store/entries/attributes.ts",
        from: "item !== undefined && !(GONE in item) && !isEnded(item, nowMs);",
        to: "item !== undefined && !(GONE in item);",
      },
    ],
  },
  {
    name: "a namespace's row goes although an instance relies on it",
    edits: [
      {
        file: "store/registry/registry.ts",
        from: "condition: `${condition} AND #until < :now`,",
        to: "condition: `${condition} AND (#until < :now OR attribute_exists(#until))`,",
      },
      {
        file: "store/registry/registry.ts",
        from: "return untilMs < this.backend.db.clock.told();",
        to: "return untilMs < Infinity;",
      },
    ],
  },
  {
    name: "a read gives an item another life, but not its sketch",
    edits: [
      {
        file: "store/entries/renew.ts",
        from: "  if (born !== undefined && !(await prolong(backend.db, sketchKey(key, born), life.granted))) return;\n",
        to: "  void born;\n  void prolong;\n  void sketchKey;\n",
      },
    ],
  },
  {
    name: "a read gives another life to whatever version is there",
    edits: [
      {
        file: "store/entries/renew.ts",
        from: "    condition: `#ver = :ver AND #ends < :ends AND ${asRead}`,\n",
        to: "    condition: `(#ver = :ver OR attribute_exists(#ver)) AND attribute_exists(#ends) AND ${asRead}`,\n",
      },
    ],
  },
  {
    name: "plain data that looks like LangChain's own is not escaped",
    edits: [
      {
        file: "format/serde/escape.ts",
        from: "(isReserved(name) ? `~${name}` : name);",
        to: "name;",
      },
    ],
  },
  {
    name: "a cache that cannot write says so to who sets a value",
    edits: [
      {
        file: "cache/cache.ts",
        from: '    warn(this.#config.onEvent, "CACHE_WRITE_FAILED", failures);\n',
        to: "    if (failures.length > 0) throw failures[0];\n",
      },
    ],
  },
];
