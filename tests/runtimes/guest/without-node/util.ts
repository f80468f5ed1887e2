export { inspect } from "vitest/internal/browser";
