import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "vitest";
import { readStack, type Stack } from "../lanes/stored/cloudformation.js";
import { run } from "./run.js";

export const ARGS = [
  "--table",
  "agents",
  "--region",
  "eu-central-1",
  "--key-prefix",
  "tenant*a#",
  "--s3-bucket",
  "my-bucket",
  "--s3-prefix",
  "checkpoints/",
  "setup",
  "--ttl",
  "7d",
  "--origin",
  "https://app.example.com",
];

/** No credentials, and nobody to ask. */
export const nowhere = { env: { AWS_ENDPOINT_URL: "http://127.0.0.1:9" } };

export async function printed(format: string, args: readonly string[] = ARGS): Promise<string> {
  const { code, stdout, stderr } = await run(nowhere, [...args, "--print", format]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** What CloudFormation makes of the printed template without a parameter. */
export async function printedStack(args?: readonly string[]): Promise<Stack> {
  const folder = mkdtempSync(join(tmpdir(), "template-"));
  try {
    const file = join(folder, "template.yaml");
    writeFileSync(file, await printed("cloudformation", args));
    return readStack(pathToFileURL(file));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
