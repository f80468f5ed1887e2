import { Plus } from "lucide-react";
import { Button, ListBox, ListBoxItem } from "react-aria-components";
import { dayAndTime } from "./time.js";
import type { Thread } from "./threads/threads.js";

interface ThreadListProps {
  /** Undefined while they are read for the first time. */
  threads: Thread[] | undefined;
  /** They could not be read. */
  failed: boolean;
  current: string | undefined;
  running: string[];
  onOpen: (threadId: string) => void;
  onNew: () => void;
}

export function ThreadList({ threads, failed, current, running, onOpen, onNew }: ThreadListProps) {
  const items = (threads ?? []).map((thread) => ({ ...thread, id: thread.thread_id }));
  return (
    <nav className="threads" aria-label="Threads">
      <div className="panel-head">
        <h2>Threads</h2>
        <Button className="button small" onPress={onNew}>
          <Plus aria-hidden size={15} /> New thread
        </Button>
      </div>
      <ListBox
        aria-label="Threads"
        className="thread-items"
        items={items}
        selectionMode="single"
        selectionBehavior="replace"
        selectedKeys={current === undefined ? [] : [current]}
        onSelectionChange={(keys) => {
          const [key] = keys as Set<string>;
          if (key !== undefined) onOpen(key);
        }}
        renderEmptyState={() => (
          <p className="empty">{threads ? "No threads yet." : failed ? "They could not be read." : "Reading …"}</p>
        )}
        dependencies={[running, threads]}
      >
        {(thread) => (
          <ListBoxItem id={thread.thread_id} textValue={thread.thread_id} className="thread-item">
            <span className="thread-name">{thread.thread_id}</span>
            <span className="thread-note">{describe(thread, running)}</span>
          </ListBoxItem>
        )}
      </ListBox>
    </nav>
  );
}

function describe({ thread_id, status, created_at }: Thread, running: string[]): string {
  if (status === "busy" || running.includes(thread_id)) return "Running";
  if (status === "interrupted") return "Waiting for you";
  return status === "error" ? "Failed" : dayAndTime(created_at);
}
