/** Made by `bundle.ts`: how to load each test file, by its path in this repository. */
declare module "test-files" {
  export const files: Record<string, () => Promise<unknown>>;
}
