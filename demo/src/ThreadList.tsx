import { Plus } from "lucide-react";
import { useState } from "react";
import { Button, Input, Label, ListBox, ListBoxItem, SearchField } from "react-aria-components";
import { Choice } from "./Choice.js";
import { dayAndTime } from "./time.js";
import type { Thread, Values } from "./threads/threads.js";
import { titleOf } from "./threads/title.js";

interface ThreadListProps {
  /** Undefined while they are read for the first time. */
  threads: Thread<Values>[] | undefined;
  /** They could not be read. */
  failed: boolean;
  current: string | undefined;
  running: string[];
  onOpen: (threadId: string) => void;
  onNew: () => void;
}

const STATES = { busy: "Running", interrupted: "Waiting for you", error: "Failed", idle: "Done" };

export function ThreadList({ threads, failed, current, running, onOpen, onNew }: ThreadListProps) {
  const [words, search] = useState("");
  const [state, choose] = useState("");
  const items = (threads ?? [])
    .map((thread) => ({
      id: thread.thread_id,
      title: titleOf(thread.values?.messages),
      state: running.includes(thread.thread_id) ? "busy" : thread.status,
      created: thread.created_at,
    }))
    .filter((item) => (state === "" || item.state === state) && fits(`${item.id} ${item.title ?? ""}`, words));
  const emptyText = failed ? "They could not be read." : "Reading …";
  return (
    <nav className="threads" aria-label="Threads">
      <div className="panel-head">
        <h2>Threads</h2>
        <Button className="button small" onPress={onNew}>
          <Plus aria-hidden size={15} /> New thread
        </Button>
      </div>
      <div className="thread-filter">
        <SearchField value={words} onChange={search}>
          <Label className="visually-hidden">Search threads</Label>
          <Input placeholder="Search threads" />
        </SearchField>
        <Choice label="Status" options={[["", "All"], ...Object.entries(STATES)]} value={state} onChange={choose} />
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
          <p className="empty">{threads ? (threads.length ? "No thread fits." : "No threads yet.") : emptyText}</p>
        )}
      >
        {({ id, title, state, created }) => (
          <ListBoxItem id={id} textValue={title ?? id} className="thread-item">
            <span className="thread-name" title={title ?? id}>
              {title ?? id}
            </span>
            {title && (
              <span className="thread-note" title={id}>
                {id}
              </span>
            )}
            <span className="thread-note">{state === "idle" ? dayAndTime(created) : STATES[state]}</span>
          </ListBoxItem>
        )}
      </ListBox>
    </nav>
  );
}

/** Whether all the words are there, wherever. */
const fits = (text: string, words: string): boolean =>
  words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.toLowerCase().includes(word));
