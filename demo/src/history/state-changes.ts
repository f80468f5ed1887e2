import diff from "microdiff";

export type Change = "added" | "changed" | "removed";

/** A value within a state, and what became of it since the parent checkpoint. */
export interface StateNode {
  /** Unique within the tree. */
  path: string;
  name: string;
  value: unknown;
  /** What was here before, if `change` is "changed" or "removed". */
  before?: unknown;
  change?: Change;
  /** Whether something below has changed. */
  holdsChange: boolean;
  children: StateNode[];
}

type Branch = Record<string, unknown> | unknown[];

const isBranch = (value: unknown): value is Branch => typeof value === "object" && value !== null;
const pathOf = (keys: readonly (string | number)[]) => JSON.stringify(keys.map(String));

/**
 * A state as a tree, with what is different from its parent's.
 *
 * @param parent without it nothing is marked
 */
export function stateTree(values: Branch, parent: Branch | undefined): StateNode[] {
  const differences = parent ? diff(parent, values) : [];
  const changes = new Map(differences.map((difference) => [pathOf(difference.path), difference]));

  const nodeAt = (keys: (string | number)[], value: unknown): StateNode => {
    const change = changes.get(pathOf(keys));
    const children = isBranch(value) ? childrenOf(keys, value) : [];
    return {
      path: pathOf(keys),
      name: String(keys.at(-1)),
      value,
      children,
      holdsChange: children.some((child) => child.change !== undefined || child.holdsChange),
      ...(change?.type === "CREATE" && { change: "added" }),
      ...(change?.type === "CHANGE" && { change: "changed", before: change.oldValue as unknown }),
    };
  };

  const childrenOf = (keys: (string | number)[], branch: Branch): StateNode[] => {
    const there = Object.entries(branch).map(([key, value]) => nodeAt([...keys, key], value));
    const gone = differences.filter(
      ({ type, path }) => type === "REMOVE" && pathOf(path.slice(0, -1)) === pathOf(keys),
    );
    return [...there, ...gone.map(removedNode)];
  };

  return childrenOf([], values);
}

function removedNode(difference: ReturnType<typeof diff>[number]): StateNode {
  const before: unknown = "oldValue" in difference ? difference.oldValue : undefined;
  const path = pathOf(difference.path);
  return {
    path,
    name: String(difference.path.at(-1)),
    value: before,
    before,
    change: "removed",
    holdsChange: false,
    children: [],
  };
}

/** The nodes that must be open for every change to be seen. */
export function pathsToChanges(nodes: readonly StateNode[]): string[] {
  return nodes.flatMap((node) => (node.holdsChange ? [node.path, ...pathsToChanges(node.children)] : []));
}

export function countChanges(nodes: readonly StateNode[]): number {
  return nodes.reduce((sum, node) => sum + (node.change ? 1 : 0) + countChanges(node.children), 0);
}

const MOST_CHARACTERS = 80;

/** One line for a value. */
export function preview(value: unknown): string {
  if (Array.isArray(value)) return value.length === 1 ? "1 item" : `${value.length} items`;
  if (isBranch(value)) return previewOfObject(value as Record<string, unknown>);
  if (value === undefined) return "nothing";
  return shorten(JSON.stringify(value));
}

function previewOfObject(object: Record<string, unknown>): string {
  const { type, content, tool_calls: calls } = object;
  if (typeof type === "string" && typeof content === "string") {
    const asked = Array.isArray(calls)
      ? `calls ${(calls as { name: string }[]).map((call) => call.name).join(", ")}`
      : "";
    return shorten([type, content || asked].filter(Boolean).join(": "));
  }
  const pairs = Object.entries(object).map(
    ([key, value]) => `${key}: ${isBranch(value) ? "…" : JSON.stringify(value)}`,
  );
  return shorten(pairs.join(", ") || "empty");
}

const shorten = (text: string) => (text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text);
