import type { ListNamespacesOperation, MatchCondition } from "@langchain/langgraph-checkpoint";
import { compareCodePoints } from "../format/code-points.js";
import { textOf } from "./namespaces.js";
import type { Registry } from "./registry/registry.js";

/** The namespaces that hold items, in the order of InMemoryStore: 1 request a MB of the registry. */
export async function listNamespaces(
  registry: Registry,
  { matchConditions, maxDepth, limit, offset = 0 }: Partial<ListNamespacesOperation>,
): Promise<string[][]> {
  const conditions = matchConditions ?? [];
  const found = new Map<string, string[]>();
  for (const labels of await registry.list(sureBeginning(conditions))) {
    if (!conditions.every((condition) => matches(labels, condition))) continue;
    const cut = maxDepth === undefined ? labels : labels.slice(0, maxDepth);
    found.set(textOf(cut), cut);
  }
  const sorted = [...found]
    .map(([text, labels]) => ({ text, labels, joined: labels.join(":") }))
    .sort((a, b) => a.joined.localeCompare(b.joined) || compareCodePoints(a.text, b.text));
  return sorted.slice(offset, limit === undefined ? undefined : offset + limit).map(({ labels }) => labels);
}

/** The longest beginning that every match has, so that the Query reads no more. */
function sureBeginning(conditions: MatchCondition[]): string[] {
  const beginnings = conditions
    .filter(({ matchType }) => matchType === "prefix")
    .map(({ path }) => (path.includes("*") ? path.slice(0, path.indexOf("*")) : path));
  return beginnings.reduce<string[]>(
    (longest, beginning) => (beginning.length > longest.length ? beginning : longest),
    [],
  );
}

function matches(labels: string[], { matchType, path }: MatchCondition): boolean {
  if (path.length > labels.length) return false;
  const start = matchType === "prefix" ? 0 : labels.length - path.length;
  return path.every((label, i) => label === "*" || label === labels[start + i]);
}
