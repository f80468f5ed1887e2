import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readDocuments, type Block } from "../../scripts/lib/docs/documents.js";
import { PEERS } from "../../scripts/lib/testing/peers.js";
import { nameOf, programOf } from "../lanes/run/documented-programs.js";
import { installPackage, root, type Installed } from "./installed.js";

/**
 * What programs of the documentation import besides. Of the SQLite saver only the types are wanted: nothing is compiled
 * for it.
 */
const IMPORTED = [
  "@types/node",
  "@types/deno",
  "@langchain/langgraph-checkpoint-postgres",
  "@langchain/langgraph-checkpoint-sqlite@1.0.4",
];
/** A stranger's settings. LangChain's own declarations do not pass without `skipLibCheck`. */
const strict = { strict: true, skipLibCheck: true, target: "es2022", lib: ["ES2023", "DOM"], noEmit: true };
const ofNode = /\bprocess\.|"node:/;
/** How a stranger resolves modules, and which programs that takes. */
export const PROJECTS = {
  nodenext: {
    compilerOptions: {
      ...strict,
      module: "nodenext",
      moduleResolution: "nodenext",
      types: ["node"],
      noUncheckedIndexedAccess: true,
    },
    takes: () => true,
  },
  bundler: {
    compilerOptions: { ...strict, module: "esnext", moduleResolution: "bundler", types: [] },
    takes: (program: string) => !ofNode.test(program),
  },
};

export interface InstalledPrograms {
  installed: Installed;
  /** The folder with the programs, one file each, and a tsconfig for each of `PROJECTS`. */
  documents: string;
  blocks: Block[];
  /** What examples/README.md says is to be installed beside the package. */
  named: string[];
}

/** Installs the package with what the programs import and three compilers, and writes the programs there. */
export async function installPrograms(): Promise<InstalledPrograms> {
  const readme = await readFile(join(root, "examples/README.md"), "utf8");
  const named = [...readme.matchAll(/^npm install (?:--save-dev )?(.*)$/gm)]
    .flatMap(([, line = ""]) => line.split(" "))
    .filter((name) => name !== "langgraph-checkpoint-dynamodb");
  const installed = await installPackage([
    ...new Set([...PEERS, ...named]),
    ...IMPORTED,
    "typescript",
    "typescript-5.9@npm:typescript@5.9.3",
    "typescript-7@npm:typescript@7.0.2",
  ]);
  const blocks = [...(await readDocuments()).flatMap(({ blocks }) => blocks), ...(await examplesInComments())].filter(
    ({ language, mark }) => /^(ts|js|typescript|javascript|tsx|mts)$/.test(language) && mark !== "signature",
  );
  const documents = join(installed.folder, "documents");
  await mkdir(documents);
  for (const block of blocks) await writeFile(join(documents, `${nameOf(block)}.mts`), programOf(block));
  for (const [name, { compilerOptions, takes }] of Object.entries(PROJECTS)) {
    const files = blocks.filter((block) => takes(programOf(block))).map((block) => `${nameOf(block)}.mts`);
    await writeFile(join(documents, `tsconfig.${name}.json`), JSON.stringify({ compilerOptions, files }));
  }
  return { installed, documents, blocks, named };
}

/** The examples in the comments of what no page describes. */
async function examplesInComments(): Promise<Block[]> {
  const folders = ["src/aws/credentials", "src/vectors"];
  const paths = await Promise.all(
    folders.map(async (folder) => (await readdir(join(root, folder))).map((name) => `${folder}/${name}`)),
  );
  const found: Block[] = [];
  for (const path of paths.flat()) {
    const text = await readFile(join(root, path), "utf8");
    for (const [, code = ""] of text.matchAll(/^ \* ```ts\n([^]*?)^ \* ```$/gm)) {
      found.push({
        place: path,
        language: "ts",
        mark: "",
        text: code.replaceAll(/^ \* ?/gm, ""),
        given: undefined,
        output: undefined,
      });
    }
  }
  return found;
}
