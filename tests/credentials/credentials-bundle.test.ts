import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The files of `src/` whose code is in a bundle of this, and the bundle. */
async function bundled(code: string): Promise<{ files: string[]; text: string }> {
  const { metafile, outputFiles } = await build({
    stdin: { contents: code, resolveDir: root, loader: "ts" },
    alias: {
      "langgraph-checkpoint-dynamodb/credentials": `${root}src/credentials.ts`,
      "langgraph-checkpoint-dynamodb": `${root}src/index.ts`,
    },
    external: ["@langchain/*"],
    absWorkingDir: root,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    metafile: true,
    write: false,
  });
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
  return {
    files: inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file),
    text: outputFiles[0]!.text,
  };
}

const use = (name: string): string =>
  `import { ${name} } from "langgraph-checkpoint-dynamodb/credentials"; console.log(${name});`;
const providersIn = (files: string[]): string[] =>
  files
    .map((file) => /src\/aws\/credentials\/((?:from|create)-.*)\.ts/.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .sort();

describe("a bundle", () => {
  test("with the saver alone has nothing of the providers", async () => {
    const { files } = await bundled(
      'import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb"; console.log(DynamoDBSaver);',
    );

    expect(files).toContain("src/aws/client/credentials.ts");
    expect(files.filter((file) => file.startsWith("src/aws/credentials/"))).toEqual([]);
  });

  test.each([
    ["fromEnv", ["from-env"]],
    ["createCredentialChain", ["create-credential-chain"]],
    ["fromCognitoIdentityPool", ["from-cognito-identity-pool"]],
    ["fromWebToken", ["from-web-token"]],
    ["fromTemporaryCredentials", ["from-env", "from-temporary-credentials"]],
    ["fromContainerMetadata", ["from-container-metadata"]],
    ["fromInstanceMetadata", ["from-instance-metadata"]],
  ])("with %s has no other provider than it needs, no LangChain, and nothing of Node", async (name, expected) => {
    const { files, text } = await bundled(use(name));

    expect(providersIn(files)).toEqual(expected);
    expect(files.filter((file) => file.startsWith("src/checkpoint/"))).toEqual([]);
    expect(files.some((file) => file.includes("aws4fetch"))).toBe(name === "fromTemporaryCredentials");
    expect(text).not.toMatch(/node:|Buffer\.|@aws-sdk|@langchain/);
  });
});
