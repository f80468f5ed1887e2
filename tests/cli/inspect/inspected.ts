import { expect } from "vitest";
import { jsonLines, run, type Place } from "../run.js";

/** JSON, read without types: a wrong guess is a failure that shows. */
export type Line = ReturnType<typeof JSON.parse>;

export async function linesOf(where: Place, args: readonly string[], code = 0): Promise<Line[]> {
  const ended = await run(where, ["inspect", ...args, "--json"]);
  expect({ code: ended.code, stderr: code === 0 ? ended.stderr : "" }).toEqual({ code, stderr: "" });
  return jsonLines(ended.stdout) as Line[];
}

export const keyPrefixOf = ({ options }: Place): string => options.keyPrefix as string;
