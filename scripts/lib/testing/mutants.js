/**
 * A fault put into the sources on purpose: the simulated world has to find it.
 * @typedef {{ name: string, edits: { file: string, from: string, to: string }[] }} Mutant
 */

/** @type {Mutant[]} Every `from` stands in its file once. */
export const mutants = [
  {
    name: "ids are not escaped in keys",
    edits: [
      {
        file: "format/keys.ts",
        from: "return id.replace(/[#%\\p{Cs}]/gu, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);",
        to: "return id;",
      },
    ],
  },
  {
    name: "whether a segment lies in S3 is ignored where it is compared and where it is read",
    edits: [
      {
        file: "payload/segment-writes.ts",
        from: "    if (there) return there;\n",
        to: "",
      },
      {
        file: "payload/segment-writes.ts",
        from: "    this.segments.set(id.name, { segment, bytes, stored });\n",
        to:
          "    if (there) return { ...there, objectDays };\n    this.segments.set(id.name, { segment, bytes, " +
          "stored });\n",
      },
      {
        file: "payload/segment-store.ts",
        from: "        else if (isExpected) await readItems([segment]);\n",
        to: "",
      },
      {
        file: "payload/segment-store.ts",
        from: "    await readObjects(items.filter(isMissing), false);\n",
        to: "",
      },
    ],
  },
  {
    name: "a marker is deleted without a look at what it says by now",
    edits: [
      {
        file: "checkpoint/incarnation.ts",
        from: '  const names = [BORN, RESTORING, BEGUN, "created"];\n',
        to:
          "  if (bornOf(item) !== undefined) return db.batchDelete([key(item.PK.S, item.SK.S)]).then(() => " +
          'true);\n  const names = [BORN, RESTORING, BEGUN, "created"];\n',
      },
    ],
  },
  {
    name: "a checkpoint read by its id is not asked which incarnation it belongs to",
    edits: [
      {
        file: "checkpoint/read/pages.ts",
        from: "if (born !== living || isVoid(item) || isPast(item)) continue;",
        to:
          "if ((born !== living && !range.between?.[0].includes(checkpoint)) || isVoid(item) || isPast(item)) " +
          "continue;",
      },
    ],
  },
  {
    name: "what is shared counts as renewed by every put",
    edits: [
      {
        file: "checkpoint/write/draft.ts",
        from: "isShort ? granted : Math.min(parent.lease, granted)",
        to: "granted",
      },
    ],
  },
  {
    name: "values are serialized again when everything is stored anew",
    edits: [
      {
        file: "checkpoint/write/put.ts",
        from: "  const drafted = await draft(storage, put, parent);\n",
        to:
          "  if (!parent) put.parts = await serializeParts(storage, { ...given, parentId }, undefined);\n" +
          "  const drafted = await draft(storage, put, parent);\n",
      },
    ],
  },
  {
    name: "what a replica does not show counts as lost",
    edits: [
      {
        file: "payload/segment-store.ts",
        from: "if (!consistent && bySortKey.size > 0) await",
        to: "if (bySortKey.size > 1_000) await",
      },
    ],
  },
  {
    name: "every incarnation of a thread has the same name, so that late deletions meet its next one",
    edits: [
      {
        file: "format/keys.ts",
        from: "toBase64Url(crypto.getRandomValues(new Uint8Array(4)));",
        to: "toBase64Url(new Uint8Array(4));",
      },
    ],
  },
  {
    name: "a checkpoint does not wait for its segments",
    edits: [
      {
        file: "checkpoint/write/put.ts",
        from: "plan.segments.size > 0 && writeSegments(storage, plan, life),",
        to: "plan.segments.size > 0 && void writeSegments(storage, plan, life).catch(() => undefined),",
      },
    ],
  },
  {
    name: "a life can be made shorter",
    edits: [
      {
        file: "payload/lifetime.ts",
        from: '  condition: "attribute_not_exists(PK) OR #ttl <= :ttl",\n',
        to: '  condition: "attribute_not_exists(PK) OR #ttl <= :ttl OR #ttl > :ttl",\n',
      },
    ],
  },
  {
    name: "of special channels the first write stays",
    edits: [
      {
        file: "checkpoint/write/writes-expression.ts",
        from: "this.#set.push(`${name}=${value}`, `${at}=:at`);",
        to: "this.#set.push(`${name}=if_not_exists(${name},${value})`, `${at}=:at`);",
      },
    ],
  },
  {
    name: "a late attempt of a put replaces what came after it",
    edits: [
      {
        file: "checkpoint/tombstone.ts",
        from: "attribute_not_exists(PK) OR #at < :at OR #ttl <= :now",
        to: "attribute_not_exists(PK) OR attribute_exists(PK) OR #at < :at OR #ttl <= :now",
      },
    ],
  },
  {
    name: "prune frees at once what nothing refers to",
    edits: [
      {
        file: "threads/prune/prune.ts",
        from: "  const oldest = graceSeconds > 0 ? Math.floor(startedAt / 1_000) - graceSeconds : Infinity;\n",
        to: "  const oldest = graceSeconds > 0 ? Math.floor(startedAt / 1_000) + 1 : Infinity;\n",
      },
      {
        file: "threads/prune/prune.ts",
        from: "const before = startedAt + 1 - graceSeconds * 1_000;",
        to: "const before = startedAt + 1_000;",
      },
    ],
  },
  {
    name: "what has expired is shown",
    edits: [
      {
        file: "payload/lifetime.ts",
        from: "export const isEnded = (item: Item): boolean => endOf(item) <= Date.now() / 1_000;",
        to: "export const isEnded = (item: Item): boolean => endOf(item) <= 0;",
      },
    ],
  },
];
