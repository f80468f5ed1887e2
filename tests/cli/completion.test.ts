import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cliEnvironment, program } from "../../scripts/lib/docs/cli-terminal.js";
import { emptyThread, putStep } from "../lanes/savers/checkpoints.js";
import { place, run, saverAt } from "./run.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cli-"));
});

afterAll(() => rm(folder, { recursive: true }));

const nowhere = { env: {} };

describe("completion", () => {
  // However slow the machine is.
  const patience = { CHECKPOINT_COMPLETION_MS: "60000" };
  const offered = (stdout: string) =>
    stdout.split("\n").flatMap((line) => (line === "" || line.startsWith(":") ? [] : [line.split("\t")[0]!]));

  test("offers commands, options, shells, and threads that begin as what was typed", async () => {
    const where = place();
    const saver = saverAt(where);
    for (const id of ["user-1", "user-2", "vendor", "user-$(touch owned)", "user 3"])
      await putStep(saver, emptyThread(id), { n: 1 });
    const complete = async (env: Record<string, string>, ...words: string[]) =>
      offered((await run({ env: { ...env, ...patience } }, ["complete", "--", ...words])).stdout);

    expect(await complete({}, "th")).toEqual(["threads"]);
    expect(await complete({}, "prune", "--keep")).toEqual(["--keep-last"]);
    expect(await complete({}, "completion", "")).toEqual(["zsh", "bash", "fish", "powershell"]);
    expect(await complete(where.env, "delete", "user-")).toEqual(["user-1", "user-2"]);
    expect(
      await complete(
        { ...where.env, DYNAMODB_TABLE_NAME: "" },
        "export",
        "--table",
        where.env.DYNAMODB_TABLE_NAME!,
        "ven",
      ),
    ).toEqual(["vendor"]);
    expect(await complete({}, "delete", "user-")).toEqual([]);
  });

  test("leaves names of files to the shell where files belong", async () => {
    const answer = async (...words: string[]) =>
      (await run(nowhere, ["complete", "--", ...words])).stdout.trimEnd().split("\n").at(-1);
    const files = [
      ["import", ""],
      ["import", "--as", "x", "exp"],
      ["export", "a", "-o", ""],
      ["export", "--output", "exp"],
      ["--encryption-key-file", ""],
      ["threads", "--older-key-file", "k"],
    ];
    const others = [
      ["import", "--as", ""],
      ["export", ""],
      ["export", "-"],
      ["import", "one.jsonl", ""],
      ["prune", ""],
    ];

    expect(await Promise.all(files.map((words) => answer(...words)))).toEqual(files.map(() => ":0"));
    expect(await Promise.all(others.map((words) => answer(...words)))).toEqual(others.map(() => ":4"));
    // Without it, bash offers none.
    expect((await run(nowhere, ["completion", "bash"])).stdout).toMatch(/^complete -o default -F /m);
  });

  test("works in bash, at a press of the tabulator", async () => {
    const where = place();
    await putStep(saverAt(where), emptyThread("the-only-one"), { n: 1 });
    await chmod(program, 0o755);
    await symlink(program, join(folder, "langgraph-checkpoint-dynamodb"));
    const script = (await run(nowhere, ["completion", "bash"])).stdout;
    // What the package bash-completion gives to every script of this kind.
    const words =
      '_get_comp_words_by_ref() { cur="${COMP_WORDS[COMP_CWORD]}"; words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; }';
    const press =
      "COMP_WORDS=(langgraph-checkpoint-dynamodb export the-); COMP_CWORD=2; compopt() { :; }; " +
      '__langgraph_checkpoint_dynamodb_complete; echo "${COMPREPLY[@]}"';
    const env = cliEnvironment({ ...where.env, ...patience, PATH: `${folder}:${process.env.PATH}` });

    const bash = spawn("bash", ["-c", `${words}\n${script}\n${press}`], { env });
    let stdout = "";
    bash.stdout.on("data", (chunk) => (stdout += String(chunk)));
    await once(bash, "close");

    expect(stdout).toBe("the-only-one\n");
  });
});
