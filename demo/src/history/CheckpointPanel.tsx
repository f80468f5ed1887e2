import { RotateCcw } from "lucide-react";
import { Button } from "react-aria-components";
import { stepOf } from "../threads/checkpoint.js";
import type { Checkpoint, ForkEdit } from "../threads/threads.js";
import { clockTime } from "../time.js";
import { ForkDialog } from "./ForkDialog.js";
import { StateTree } from "./StateTree.js";
import { countChanges, stateTree } from "./state-changes.js";

interface CheckpointPanelProps {
  checkpoint: Checkpoint;
  parent: Checkpoint | undefined;
  /** A run is under way. */
  busy: boolean;
  onReplay: () => void;
  onFork: (edit: ForkEdit) => void;
}

/** One checkpoint: what can be done from there, and the state as it was. */
export function CheckpointPanel({ checkpoint, parent, busy, onReplay, onFork }: CheckpointPanelProps) {
  const nodes = stateTree(checkpoint.values, parent?.values);
  const ended = checkpoint.next.length === 0;
  return (
    <div className="checkpoint">
      <div className="panel-head">
        <h2>Step {stepOf(checkpoint)}</h2>
        <p className="count">{checkpoint.created_at && clockTime(checkpoint.created_at)}</p>
      </div>
      <div className="travel">
        <div>
          <Button className="button" isDisabled={busy || ended} onPress={onReplay} aria-describedby="replay-hint">
            <RotateCcw aria-hidden size={15} /> Replay
          </Button>
          <p id="replay-hint" className="hint">
            {ended
              ? "Nothing is left to run after this checkpoint."
              : `Runs ${checkpoint.next.join(", ")} again with the same state, as a new branch.`}
          </p>
        </div>
        <div>
          <ForkDialog checkpoint={checkpoint} isDisabled={busy} onFork={onFork} />
          <p id="fork-hint" className="hint">
            Asks something else from here, as a new branch.
          </p>
        </div>
      </div>
      <h3 className="state-heading">
        State{" "}
        <span className="count">
          {parent ? changesText(countChanges(nodes)) : "the first checkpoint of its thread"}
        </span>
      </h3>
      {nodes.length === 0 ? (
        <p className="empty">No channel holds a value yet.</p>
      ) : (
        <StateTree label={`State at step ${stepOf(checkpoint)}`} nodes={nodes} />
      )}
    </div>
  );
}

function changesText(count: number): string {
  if (count === 0) return "as in its parent";
  return count === 1 ? "1 change against its parent" : `${count} changes against its parent`;
}
