import { Plus } from "lucide-react";
import { Button, ListBox, ListBoxItem } from "react-aria-components";
import { dayAndTime } from "./time.js";
import type { ThreadInfo } from "./threads/threads.js";

interface ThreadListProps {
  /** Undefined while they are read for the first time. */
  threads: ThreadInfo[] | undefined;
  /** They could not be read. */
  failed: boolean;
  current: string | undefined;
  running: string[];
  onOpen: (threadId: string) => void;
  onNew: () => void;
}

export function ThreadList({ threads, failed, current, running, onOpen, onNew }: ThreadListProps) {
  const items = withCurrent(newestFirst(threads ?? []), current);
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
        dependencies={[running, threads, failed]}
      >
        {(thread) => (
          <ListBoxItem id={thread.thread_id} textValue={thread.thread_id} className="thread-item">
            <span className="thread-name">{thread.thread_id}</span>
            <span className="thread-note">{describe(thread, running, failed)}</span>
          </ListBoxItem>
        )}
      </ListBox>
    </nav>
  );
}

interface Item extends ThreadInfo {
  id: string;
}

const newestFirst = (threads: ThreadInfo[]): Item[] =>
  threads
    .map((thread) => ({ ...thread, id: thread.thread_id }))
    .sort((a, b) => (b.created_at ?? "").localeCompare(a.created_at ?? ""));

/** A new thread has nothing in DynamoDB until its first message. */
const withCurrent = (items: Item[], current: string | undefined): Item[] =>
  current === undefined || items.some((item) => item.id === current)
    ? items
    : [{ id: current, thread_id: current }, ...items];

function describe(thread: ThreadInfo, running: string[], failed: boolean): string {
  if (running.includes(thread.thread_id)) return "Running";
  if (thread.created_at) return dayAndTime(thread.created_at);
  return failed ? "Not read" : "Nothing stored yet";
}
