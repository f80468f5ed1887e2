import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** Names that exist in Node, or only in a browser's page, but not in every runtime the saver runs in. */
const notEverywhere = [
  ...["Buffer", "process", "global", "require", "module", "__dirname", "__filename", "setImmediate"],
  ...["window", "document", "localStorage", "sessionStorage", "location", "XMLHttpRequest", "FileReader"],
];

export default defineConfig(
  // The build, which runs beside this, writes tsup's configuration to a file for a moment.
  globalIgnores(["**/dist/", ".wrangler/", ".cache/", ".data/", "tests/package/projects/", "tsup.config.bundled_*"]),
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: "error",
      // `tsc` knows the names of each room's runtime; this rule would have to be told.
      "no-undef": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      // The saver's interface is async, whether or not a method has to wait for something.
      "@typescript-eslint/require-await": "off",
    },
  },
  {
    files: ["src/**", "workers/**", "examples/worker-r2/**"],
    ignores: ["src/cli/**"],
    rules: {
      "no-restricted-globals": ["error", ...notEverywhere],
      "no-restricted-imports": ["error", { patterns: [{ group: ["node:*"], message: "It must run without Node." }] }],
    },
  },
  {
    files: ["src/*/**"],
    ignores: ["src/cli/**"],
    rules: {
      "no-console": "error", // `onEvent` tells what happens; a library does not print
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: ["node:*"], message: "It must run without Node." },
            { group: ["**/cli/*"], message: "The command line is made of the library, not the other way round." },
            { group: ["**/index.js"], message: "Nothing imports the public face." },
          ],
        },
      ],
    },
  },
  {
    files: ["src/aws/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: ["node:*"], message: "It must run without Node." },
            { group: ["**/index.js"], message: "Nothing imports the public face." },
            { group: ["@langchain/*", "**/checkpoint/*", "**/store/*"], message: "The AWS client knows nothing of LangGraph." },
          ],
        },
      ],
    },
  },
  {
    files: ["demo/**"],
    extends: [reactHooks.configs.flat.recommended],
    rules: {
      "no-restricted-imports": ["error", { patterns: [{ group: ["node:*"], message: "It must run in a page." }] }],
    },
  },
  {
    // JSON replies and graph states are read without types: in a test, a wrong guess is a failure that shows.
    files: ["**/*.js", "tests/**"],
    rules: {
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
);
