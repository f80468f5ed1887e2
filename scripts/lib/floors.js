/**
 * Which room of `src` may import which, from the ground up: what stands in a room imports itself and what is before it
 * in its list. `*` is what stands in the room and is not named. ARCHITECTURE.md draws it, the other way round.
 *
 * @type {Record<string, string[]>}
 */
export const FLOORS = {
  "src/": [
    "errors.ts",
    "checks.ts",
    "aws/",
    "options.ts",
    "config/",
    "format/",
    "payload/",
    "table/",
    "checkpoint/",
    "threads/",
    "store/",
    "vectors/",
    "cache/",
    "inspect/",
    "cli/",
    "context.ts",
    "credentials.ts",
    "reader.ts",
    "s3-vectors.ts",
    "index.ts",
  ],
  "src/aws/": ["*", "client/", "dynamodb/", "s3/", "s3vectors/", "credentials/"],
  "src/format/": ["format-error.ts", "serde/", "*"],
  "src/checkpoint/": ["*", "lease/", "read/", "write/", "saver.ts"],
  "src/threads/": ["*", "copy/", "prune/", "saver.ts"],
  "src/store/": [
    "namespaces.ts",
    "labels.ts",
    "entries/",
    "vectors/",
    "leftovers.ts",
    "registry/",
    "*",
    "search/",
    "batch.ts",
    "store.ts",
  ],
  "src/cli/": ["*", "inspect/", "doctor/", "setup/", "commands/", "main.ts"],
};
