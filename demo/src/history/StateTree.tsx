import { ChevronRight } from "lucide-react";
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
  return (
    <Tree
      aria-label={label}
      className="state-tree"
      selectionMode="none"
      defaultExpandedKeys={expandAll ? allPaths(nodes) : pathsToChanges(nodes)}
    >
      {nodes.map(item)}
    </Tree>
  );
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
