import { idOf } from "../threads/checkpoint.js";
import type { Checkpoint, Edit, ForkEdit, Threads } from "../threads/threads.js";
import type { Failure } from "../threads/use-runs.js";
import { CheckpointPanel } from "./CheckpointPanel.js";
import { Timeline } from "./Timeline.js";

interface HistoryProps {
  threads: Threads;
  threadId: string;
  checkpoints: Checkpoint[] | undefined;
  failed: boolean;
  /** The one that is looked at. */
  shown: Checkpoint | undefined;
  /** The address names another one, which is not there. */
  isLost: boolean;
  nodes: readonly string[];
  busy: boolean;
  onSelect: (checkpointId: string) => void;
  onReplay: (checkpoint: Checkpoint) => void;
  onFork: (checkpoint: Checkpoint, edit: ForkEdit) => void;
  onEdit: (checkpoint: Checkpoint, edit: Edit) => Promise<void>;
  onFailure: (failure: Failure) => void;
}

export function History(props: HistoryProps) {
  const { checkpoints, failed, shown, isLost, onSelect, onReplay, onFork, onEdit, ...others } = props;
  return (
    <section className="history" aria-label="History">
      {isLost && (
        <p className="lost" role="status">
          This thread has no checkpoint of that address any more. Here is the latest.
        </p>
      )}
      <Timeline checkpoints={checkpoints} failed={failed} selected={shown && idOf(shown)} onSelect={onSelect} />
      {shown && checkpoints && (
        <CheckpointPanel
          key={idOf(shown)}
          {...others}
          checkpoint={shown}
          checkpoints={checkpoints}
          onReplay={() => onReplay(shown)}
          onFork={(edit) => onFork(shown, edit)}
          onEdit={(edit) => onEdit(shown, edit)}
        />
      )}
    </section>
  );
}
