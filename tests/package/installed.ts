import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { inject } from "vitest";
import { ensureBuilt, take } from "../../scripts/lib/testing/package-build.js";
import { PEERS } from "../../scripts/lib/testing/peers.js";

export const root = fileURLToPath(new URL("../../", import.meta.url));
const projects = fileURLToPath(new URL("projects", import.meta.url));

/** Runs a program in a folder. A failure says what it printed. */
export async function run(
  folder: string,
  program: string,
  args: string[],
  env: Record<string, string> = {},
  timeout = 110_000,
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      cwd: folder,
      env: { ...process.env, NO_COLOR: "1", ...env },
      timeout,
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
  /** Of the caller alone: the small projects of `projects/`, each in a folder of its name. */
  folder: string;
  /** Where the package lies, with what was installed beside it; whoever asked for the same shares it. */
  modules: string;
  tarball: Uint8Array;
  /** What the tarball holds. */
  files: string[];
  remove(): Promise<void>;
}

/**
 * Packs the package, once, and installs the tarball, from the registry as a user does, once for all who want the same
 * beside it. Each gets copies of the small projects. All of it is far from the repository, where whatever the package
 * forgot to declare would be found.
 *
 * @param beside names of packages of this repository to install with it, each at the version that is installed here, or
 *   `name@` and what npm shall install by that name; none: not even the peers
 */
export async function installPackage(beside: string[] = PEERS): Promise<Installed> {
  const name = createHash("sha256").update(beside.join(" ")).digest("hex").slice(0, 8);
  const place = join(inject("folder"), `installed-${name}`);
  const { filename, files } = await once(place, () => install(place, beside));
  const folder = await mkdtemp(join(place, "used-"));
  await cp(projects, folder, { recursive: true });

  return {
    folder,
    modules: join(place, "node_modules"),
    tarball: await readFile(filename),
    files: files.map(({ path }) => path).sort(),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Whoever comes first does what `make` does for a folder, and the others wait: test files run side by side. */
async function once(place: string, make: () => Promise<Packed>): Promise<Packed> {
  const done = `${place}.json`;
  while (!existsSync(done)) {
    if (!take(`${place}.lock`)) continue;
    try {
      if (!existsSync(done)) await writeFile(done, JSON.stringify(await make()));
    } finally {
      await rm(`${place}.lock`, { recursive: true, force: true });
    }
  }
  return JSON.parse(await readFile(done, "utf8")) as Packed;
}

async function install(place: string, beside: string[]): Promise<Packed> {
  await mkdir(place, { recursive: true });
  const packed = await pack();
  const versions = await Promise.all(
    beside.map(async (entry) => {
      const [, name = entry, spec] = /^(@?[^@]+)@(.+)$/.exec(entry) ?? [];
      return [name, spec ?? (await versionOf(name))] as const;
    }),
  );
  await writeFile(
    join(place, "package.json"),
    JSON.stringify({
      private: true,
      dependencies: { "langgraph-checkpoint-dynamodb": `file:${packed.filename}`, ...Object.fromEntries(versions) },
    }),
  );
  const omit = beside.length === 0 ? ["--omit=peer"] : [];
  const install = [
    "install",
    ...omit,
    "--prefer-online", // what npm remembers of one package may be older than what it remembers of another
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  // Hundreds of packages from the registry, on a machine that is busy with other tests.
  await run(place, "npm", install, {}, 280_000);
  return packed;
}

interface Packed {
  /** The path of the tarball. */
  filename: string;
  files: { path: string }[];
}

/** What `npm publish` would send, of the build that is there. */
async function pack(): Promise<Packed> {
  const place = join(inject("folder"), "packed");
  return once(place, async () => {
    await mkdir(place, { recursive: true });
    ensureBuilt();
    const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", place];
    const [{ filename, files }] = JSON.parse(await run(root, "npm", args)) as [Packed];
    return { filename: join(place, filename), files };
  });
}

async function versionOf(name: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(root, "node_modules", name, "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}
