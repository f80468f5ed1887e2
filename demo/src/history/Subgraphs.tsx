import { useCallback, useState } from "react";
import { Button, Disclosure, DisclosurePanel, Heading } from "react-aria-components";
import { Choice } from "../Choice.js";
import { idOf, parentOf, stepOf } from "../threads/checkpoint.js";
import type { Checkpoint, Threads } from "../threads/threads.js";
import { useLoaded } from "../threads/use-loaded.js";
import type { Failure } from "../threads/use-runs.js";
import { StateTree } from "./StateTree.js";
import { stateTree } from "./state-changes.js";

interface SubgraphsProps {
  threads: Threads;
  threadId: string;
  tasks: Checkpoint["tasks"];
  onFailure: (failure: Failure) => void;
}

/** The graphs that ran, or wait, inside the nodes after a checkpoint. */
export function Subgraphs({ tasks, ...props }: SubgraphsProps) {
  const inside = tasks.flatMap(({ name, checkpoint }) =>
    checkpoint?.checkpoint_ns ? [{ name, namespace: checkpoint.checkpoint_ns }] : [],
  );
  return inside.map((one) => <Subgraph key={one.namespace} {...one} {...props} />);
}

type SubgraphProps = Omit<SubgraphsProps, "tasks"> & { name: string; namespace: string };

function Subgraph({ name, ...props }: SubgraphProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Disclosure className="disclosure subgraph" isExpanded={isOpen} onExpandedChange={setOpen}>
      <Heading level={3}>
        <Button slot="trigger" className="link">
          Inside {name}
        </Button>
      </Heading>
      <DisclosurePanel>{isOpen && <Inside name={name} {...props} />}</DisclosurePanel>
    </Disclosure>
  );
}

/** The steps of one subgraph; what is in it may have subgraphs of its own. */
function Inside({ name, namespace, threads, threadId, onFailure }: SubgraphProps) {
  const load = useCallback(() => threads.history(threadId, namespace), [threads, threadId, namespace]);
  const { value: checkpoints, failed } = useLoaded(load, "The subgraph could not be read", onFailure, 0);
  const [selectedId, select] = useState<string>();
  if (!checkpoints) return <p className="empty">{failed ? "It could not be read." : "Reading …"}</p>;
  const shown = checkpoints.find((one) => idOf(one) === selectedId) ?? checkpoints[0];
  if (!shown) return <p className="empty">It has not begun.</p>;
  const parent = checkpoints.find((one) => idOf(one) === parentOf(shown));
  return (
    <>
      <Choice
        label={`Step of ${name}`}
        options={checkpoints.map((one) => [idOf(one), `${stepOf(one)}, then ${one.next.join(", ") || "end"}`])}
        value={idOf(shown)}
        onChange={select}
      />
      <StateTree
        key={idOf(shown)}
        label={`State of ${name} at step ${stepOf(shown)}`}
        nodes={stateTree(shown.values, parent?.values)}
      />
      <Subgraphs tasks={shown.tasks} threads={threads} threadId={threadId} onFailure={onFailure} />
    </>
  );
}
