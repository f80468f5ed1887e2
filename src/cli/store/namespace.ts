import { InvalidArgumentError } from "commander";

/**
 * For an argument that is a namespace of a store: labels with `/` between them, or a JSON array, for labels that have a
 * `/` of their own.
 */
export function namespaceIn(text: string): string[] {
  if (!text.startsWith("[")) return text === "" ? [] : text.split("/");
  try {
    const labels: unknown = JSON.parse(text);
    if (Array.isArray(labels) && labels.every((label) => typeof label === "string")) return labels;
  } catch {
    // As below.
  }
  throw new InvalidArgumentError(
    'It must be labels as "memories/ada", or a JSON array of them: \'["memories", "a/b"]\'.',
  );
}

/** As it is typed. */
export const namespaceText = (labels: readonly string[]): string =>
  labels.some((label) => label.includes("/")) || labels[0]?.startsWith("[") ? JSON.stringify(labels) : labels.join("/");
