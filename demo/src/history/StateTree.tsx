import { ChevronRight } from "lucide-react";
import { useEffect, useRef } from "react";
import { Button, Tree, TreeItem, TreeItemContent } from "react-aria-components";
import { pathsToChanges, preview, type StateNode } from "./state-changes.js";

interface StateTreeProps {
  label: string;
  nodes: StateNode[];
  /** Otherwise the tree is open as far as something has changed. */
  expandAll?: boolean;
}

/** A value as a tree: opened and closed with the arrow keys, and with what has changed marked in words and colour. */
export function StateTree({ label, nodes, expandAll = false }: StateTreeProps) {
  const tree = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // When the rows are there, which the tree draws one frame later.
    const frame = requestAnimationFrame(() => showFirstChange(tree.current));
    return () => cancelAnimationFrame(frame);
  }, []);
  return (
    <Tree
      ref={tree}
      aria-label={label}
      className="state-tree"
      selectionMode="none"
      defaultExpandedKeys={expandAll ? allPaths(nodes) : pathsToChanges(nodes)}
    >
      {nodes.map(item)}
    </Tree>
  );
}

/** Within its panel alone: the rest of the page stays where it is. */
function showFirstChange(tree: HTMLElement | null): void {
  const row = tree?.querySelector("[data-change]")?.getBoundingClientRect();
  const panel = tree?.closest(".state-scroll");
  if (!row || !panel) return;
  const { top, bottom, height } = panel.getBoundingClientRect();
  if (row.bottom > bottom) panel.scrollTop += row.top - top - height / 3;
}

const allPaths = (nodes: StateNode[]): string[] => nodes.flatMap((node) => [node.path, ...allPaths(node.children)]);

function item(node: StateNode) {
  const { path, name, value, before, change, holdsChange, children } = node;
  return (
    <TreeItem
      key={path}
      id={path}
      textValue={`${name}: ${preview(value)}${change ? `, ${change}` : ""}`}
      className="state-item"
      data-change={change}
    >
      <TreeItemContent>
        {children.length > 0 ? (
          <Button slot="chevron" className="chevron">
            <ChevronRight aria-hidden size={14} />
          </Button>
        ) : (
          <span className="chevron" />
        )}
        <span className="state-name">{name}</span>
        <span className="state-value" data-kind={kindOf(value)}>
          {change === "changed" && <del>{preview(before)}</del>}{" "}
          {change === "removed" ? <del>{preview(value)}</del> : preview(value)}
        </span>
        {change && <span className={`tag ${change}`}>{change}</span>}
        {!change && holdsChange && (
          <span className="tag inside" title="Something in here has changed" aria-label="holds a change" role="img" />
        )}
      </TreeItemContent>
      {children.map(item)}
    </TreeItem>
  );
}

function kindOf(value: unknown): string {
  return value === null || typeof value === "object" ? "branch" : typeof value;
}
