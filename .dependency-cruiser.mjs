/*
 * Which room may import which: each those below it, and none above. `scripts/check-rooms.js` runs this, as a part of `npm run lint`.
 */

/** From the ground up: a room imports from its own floor's folder and from lower floors. */
const FLOORS = [
  ["errors", "src/errors.ts"],
  ["checks", "src/checks.ts"],
  ["aws", "src/aws/"],
  ["options", "src/options.ts"],
  ["config", "src/config.ts"],
  ["format", "src/format/"],
  ["payload", "src/payload/"],
  ["table", "src/table/"],
  ["checkpoint", "src/checkpoint/"],
  ["threads", "src/threads/"],
  ["store", "src/store/"],
  ["cache", "src/cache/"],
  ["inspect", "src/inspect/"],
  ["cli", "src/cli/"],
];
const escaped = (path) => `^${path.replaceAll(".", "\\.")}`;
export default {
  forbidden: [
    { name: "no-circle", severity: "error", from: { path: "^src/" }, to: { circular: true } },
    ...FLOORS.map(([room, path], i) => ({
      name: `${room}-stands-on-what-is-below`,
      severity: "error",
      from: { path: escaped(path) },
      to: { path: FLOORS.slice(i + 1).map(([, above]) => escaped(above)) },
    })).filter(({ to }) => to.path.length > 0),
  ],
  options: { tsPreCompilationDeps: true, doNotFollow: "node_modules" },
};
