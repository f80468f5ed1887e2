import { openChromium } from "./chromium.js";
import { openCommand } from "./command.js";
import { executableOf } from "../../../scripts/lib/testing/runtimes.js";
import type { Runtime } from "./pool.js";
import { openWorkerd } from "./workerd.js";

const node = (major: 22 | 24 | 26): Runtime => ({
  name: `node${major}`,
  guest: "command",
  conditions: ["node"],
  withoutNode: false,
  open: (bundle) => openCommand(executableOf(`node${major}`), [], bundle),
});

/** Every runtime in which the same tests run, beside those of vitest's own. */
export const runtimes: Runtime[] = [
  node(22),
  node(24),
  node(26),
  {
    name: "deno",
    guest: "command",
    conditions: ["deno", "node"],
    withoutNode: false,
    open: (bundle) =>
      openCommand(
        executableOf("deno"),
        [
          "run",
          "--no-remote",
          "--no-npm",
          "--no-config",
          "--allow-net=127.0.0.1,localhost",
          "--allow-env",
          "--allow-read",
          "--allow-sys=homedir",
        ],
        bundle,
      ),
  },
  {
    name: "bun",
    guest: "command",
    conditions: ["bun", "node"],
    withoutNode: false,
    open: (bundle) => openCommand(executableOf("bun"), [], bundle),
  },
  {
    name: "workerd-plain",
    guest: "worker",
    conditions: ["workerd", "worker", "browser"],
    withoutNode: true,
    open: openWorkerd,
  },
  { name: "chromium", guest: "page", conditions: ["browser"], withoutNode: true, open: openChromium },
];
