import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const root = fileURLToPath(new URL("../../", import.meta.url));
const projects = fileURLToPath(new URL("projects", import.meta.url));

/** What is published beside the build. npm takes the rest of `files` from package.json. */
const DOCUMENTS = ["package.json", "README.md", "LICENSE", "SECURITY.md", "infra"];
/** What a user has installed already. */
const PEERS = ["core", "langgraph", "langgraph-checkpoint"];

/** Runs a program in a folder. A failure says what it printed. */
export async function run(folder: string, program: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { cwd: folder, env: { ...process.env, NO_COLOR: "1", ...env }, timeout: 110_000 });
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
 * Packs the package and installs the tarball beside copies of the small projects. Nothing is downloaded: its dependencies
 * are packed from this repository's `node_modules`, and npm installs those of them that it declares. The folder is far from
 * the repository, where whatever the package forgot to declare would be found.
 */
export async function installPackage(): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), "package-"));
  const stage = join(folder, "stage");
  await cp(projects, folder, { recursive: true });
  await mkdir(stage);
  for (const name of DOCUMENTS) await cp(join(root, name), join(stage, name), { recursive: true });
  // Into a folder of its own: other tests may use `dist` meanwhile.
  await run(root, process.execPath, [tool("tsup/dist/cli-default.js"), "--out-dir", join(stage, "dist")]);

  const [packed] = await pack(folder, stage);
  const dependencies = await pack(folder, tool("aws4fetch"), tool("fflate"));
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({
      private: true,
      dependencies: { "langgraph-checkpoint-dynamodb": `file:${packed!.filename}` },
      overrides: Object.fromEntries(dependencies.map(({ name, filename }) => [name, `file:${filename}`])),
    }),
  );
  // The peers come from this repository: without the flag npm would look for them in the registry.
  await run(folder, "npm", ["install", "--offline", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund"]);
  await mkdir(join(folder, "node_modules/@langchain"), { recursive: true });
  for (const name of PEERS) await symlink(tool(`@langchain/${name}`), join(folder, "node_modules/@langchain", name), "dir");

  return {
    folder,
    tarball: await readFile(join(folder, packed!.filename)),
    files: packed!.files.map(({ path }) => path).sort(),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

interface Packed {
  name: string;
  filename: string;
  files: { path: string }[];
}

async function pack(into: string, ...packages: string[]): Promise<Packed[]> {
  return JSON.parse(await run(into, "npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", into, ...packages])) as Packed[];
}
