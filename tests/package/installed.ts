import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ensureBuilt } from "../../scripts/lib/testing/package-build.js";
import { PEERS } from "../../scripts/lib/testing/peers.js";

export const root = fileURLToPath(new URL("../../", import.meta.url));
const projects = fileURLToPath(new URL("projects", import.meta.url));

/** Runs a program in a folder. A failure says what it printed. */
export async function run(
  folder: string,
  program: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      cwd: folder,
      env: { ...process.env, NO_COLOR: "1", ...env },
      timeout: 110_000,
    });
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${[program, ...args].join(" ")} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** A program of a package in this repository's `node_modules`. */
export const tool = (path: string): string => join(root, "node_modules", path);

export interface Installed {
  /** The small projects of `projects/`, each in a folder of its name, with the package installed. */
  folder: string;
  tarball: Uint8Array;
  /** What the tarball holds. */
  files: string[];
  remove(): Promise<void>;
}

/**
 * Packs the package and installs the tarball beside copies of the small projects, from the registry as a user does. The
 * folder is far from the repository, where whatever the package forgot to declare would be found.
 *
 * @param beside names of packages of this repository to install with it, each at the version that is installed here, or
 *   `name@` and what npm shall install by that name; none: not even the peers
 */
export async function installPackage(beside: string[] = PEERS): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), "package-"));
  await cp(projects, folder, { recursive: true });
  ensureBuilt();
  const { filename, files } = await pack(folder);
  const versions = await Promise.all(
    beside.map(async (entry) => {
      const [, name = entry, spec] = /^(@?[^@]+)@(.+)$/.exec(entry) ?? [];
      return [name, spec ?? (await versionOf(name))] as const;
    }),
  );
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({
      private: true,
      dependencies: { "langgraph-checkpoint-dynamodb": `file:${filename}`, ...Object.fromEntries(versions) },
    }),
  );
  const omit = beside.length === 0 ? ["--omit=peer"] : [];
  await run(folder, "npm", [
    "install",
    ...omit,
    "--prefer-online", // what npm remembers of one package may be older than what it remembers of another
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ]);

  return {
    folder,
    tarball: await readFile(join(folder, filename)),
    files: files.map(({ path }) => path).sort(),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

interface Packed {
  filename: string;
  files: { path: string }[];
}

/** What `npm publish` would send, of the build that is there. */
async function pack(into: string): Promise<Packed> {
  const [packed] = JSON.parse(
    await run(root, "npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", into]),
  ) as [Packed];
  return packed;
}

async function versionOf(name: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(root, "node_modules", name, "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}
