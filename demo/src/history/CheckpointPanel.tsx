import { Braces, Link, RotateCcw } from "lucide-react";
import { useState } from "react";
import { Button } from "react-aria-components";
import { Choice } from "../Choice.js";
import { CopyButton } from "../CopyButton.js";
import { linkTo } from "../threads/address.js";
import { idOf, parentOf, sourceOf, stepOf } from "../threads/checkpoint.js";
import type { Checkpoint, Edit, ForkEdit, Threads } from "../threads/threads.js";
import type { Failure } from "../threads/use-runs.js";
import { clockTime } from "../time.js";
import { EditDialog } from "./EditDialog.js";
import { ForkDialog } from "./ForkDialog.js";
import { StateTree } from "./StateTree.js";
import { Subgraphs } from "./Subgraphs.js";
import { countChanges, stateTree } from "./state-changes.js";

interface CheckpointPanelProps {
  threads: Threads;
  threadId: string;
  checkpoint: Checkpoint;
  /** All of the thread, among them this one. */
  checkpoints: Checkpoint[];
  nodes: readonly string[];
  /** A run is under way. */
  busy: boolean;
  onReplay: () => void;
  onFork: (edit: ForkEdit) => void;
  onEdit: (edit: Edit) => Promise<void>;
  onFailure: (failure: Failure) => void;
}

/** One checkpoint: what can be done from there, and the state as it was. */
export function CheckpointPanel(props: CheckpointPanelProps) {
  const { threads, threadId, checkpoint, checkpoints, nodes, busy, onReplay, onFork, onEdit, onFailure } = props;
  const { next, created_at: time, values, tasks } = checkpoint;
  const parent = checkpoints.find((one) => idOf(one) === parentOf(checkpoint));
  return (
    <div className="checkpoint">
      <div className="panel-head">
        <h2>Step {stepOf(checkpoint)}</h2>
        <p className="count">{time && clockTime(time)}</p>
      </div>
      <div className="travel">
        <div className="toolbar">
          <Button
            className="button"
            isDisabled={busy || next.length === 0}
            onPress={onReplay}
            aria-describedby="travel-hint"
          >
            <RotateCcw aria-hidden size={15} /> Replay
          </Button>
          <ForkDialog checkpoint={checkpoint} isDisabled={busy} onFork={onFork} />
          <EditDialog checkpoint={checkpoint} parent={parent} nodes={nodes} isDisabled={busy} onEdit={onEdit} />
        </div>
        <p id="travel-hint" className="hint">
          {next.length === 0
            ? "Nothing is left to run after this checkpoint. A fork asks something else from here, as a new branch."
            : `A replay runs ${next.join(", ")} again; a fork asks something else. Each is a new branch.`}
        </p>
      </div>
      <div className="state-scroll">
        <State checkpoint={checkpoint} checkpoints={checkpoints} parent={parent} />
        <Subgraphs threads={threads} threadId={threadId} tasks={tasks} onFailure={onFailure} />
        <div className="toolbar take-away">
          <CopyButton label="Copy JSON" icon={Braces} text={() => JSON.stringify(values, null, 2)} />
          <CopyButton label="Copy link" icon={Link} text={() => linkTo({ threadId, checkpointId: idOf(checkpoint) })} />
        </div>
      </div>
    </div>
  );
}

/** The state against that of another checkpoint: of its parent, if nobody chooses one. */
function State({
  checkpoint,
  checkpoints,
  parent,
}: Pick<CheckpointPanelProps, "checkpoint" | "checkpoints"> & { parent: Checkpoint | undefined }) {
  const [chosenId, choose] = useState<string>();
  const other = checkpoints.find((one) => idOf(one) === chosenId) ?? parent;
  const nodes = stateTree(checkpoint.values, other?.values);
  const others = checkpoints.filter((one) => one !== checkpoint);
  return (
    <>
      <div className="state-heading">
        <h3>
          State <span className="count">{other && changesText(countChanges(nodes))}</span>
        </h3>
        {others.length > 0 && (
          <Choice
            label="against"
            options={[
              ...(parent ? [] : [["", "nothing: it is the first"] as const]),
              ...others.map((one) => [idOf(one), nameOf(one, one === parent)] as const),
            ]}
            value={other ? idOf(other) : ""}
            onChange={choose}
          />
        )}
      </div>
      {nodes.length === 0 ? (
        <p className="empty">No channel holds a value yet.</p>
      ) : (
        <StateTree key={other && idOf(other)} label={`State at step ${stepOf(checkpoint)}`} nodes={nodes} />
      )}
    </>
  );
}

const nameOf = (checkpoint: Checkpoint, isParent: boolean): string =>
  [
    `step ${stepOf(checkpoint)}`,
    isParent ? "its parent" : sourceOf(checkpoint),
    checkpoint.created_at && clockTime(checkpoint.created_at),
  ]
    .filter(Boolean)
    .join(", ");

function changesText(count: number): string {
  if (count === 0) return "the same";
  return count === 1 ? "1 change" : `${count} changes`;
}
