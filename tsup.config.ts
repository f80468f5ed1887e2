import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/reader.ts", "src/credentials.ts"],
  tsconfig: "src/tsconfig.json",
  format: ["esm", "cjs"],
  target: "es2022",
  // Neutral: nothing of Node is assumed, and a `node:` import that slips in stays visible in the bundle.
  platform: "neutral",
  dts: true,
  clean: true,
  treeshake: true,
  silent: true,
});
