import { execFile } from "node:child_process";
import { credentials, endpoint, tableName } from "../savers/harness.js";

/** How a process ended, and what it printed. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
  errors: string;
}

/**
 * Runs a program in a process of its own, in the environment that `fromEnv` reads: the table of the test file, and no
 * other AWS.
 */
export function runProgram(
  executable: string,
  args: string[],
  cwd: string,
  env: Record<string, string | undefined> = {},
): Promise<Ended> {
  const { accessKeyId, secretAccessKey } = credentials();
  const aws = {
    AWS_REGION: "us-east-1",
    AWS_ENDPOINT_URL_DYNAMODB: endpoint(),
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    DYNAMODB_TABLE_NAME: tableName(),
  };
  return new Promise((resolve) => {
    const options = {
      cwd,
      env: { PATH: process.env.PATH, NO_COLOR: "1", ...aws, ...env },
      timeout: 100_000,
      maxBuffer: 2 ** 26,
    };
    const child = execFile(executable, args, options, (_error, output, errors) => {
      resolve({ code: child.exitCode, signal: child.signalCode, output, errors });
    });
  });
}
