import { useCallback, useEffect, useRef, useState } from "react";
import { Conversation } from "./conversation/Conversation.js";
import { Missing } from "./Missing.js";
import { CheckpointPanel } from "./history/CheckpointPanel.js";
import { Timeline } from "./history/Timeline.js";
import { idOf, parentOf } from "./threads/checkpoint.js";
import { statusOf } from "./threads/status.js";
import type { Checkpoint, Decision, ForkEdit, Message, Threads } from "./threads/threads.js";
import { useLoaded } from "./threads/use-loaded.js";
import type { Failure, LiveRun, Play } from "./threads/use-runs.js";

interface ThreadProps {
  threads: Threads;
  threadId: string;
  run: LiveRun | undefined;
  play: Play;
  forget: (threadId: string) => void;
  onFailure: (failure: Failure) => void;
  /** Another number reads the thread again. */
  attempt: number;
  /** The thread has been written to, perhaps for the first time. */
  onStored: () => Promise<void>;
  onShowConversation: () => void;
  onNew: () => void;
  onDelete: () => Promise<void>;
}

/** One thread: its conversation, its history, and the checkpoint that is looked at. */
export function Thread({
  threads,
  threadId,
  run,
  play,
  forget,
  onFailure,
  attempt,
  onStored,
  onShowConversation,
  onNew,
  onDelete,
}: ThreadProps) {
  const load = useCallback(() => threads.open(threadId), [threads, threadId]);
  const { value: opened, failed, reload } = useLoaded(load, "The history could not be read", onFailure, attempt);
  const [selectedId, select] = useState<string>();
  const [draft, setDraft] = useState("");
  const conversation = useRef<HTMLHeadingElement>(null);

  const checkpoints = opened?.checkpoints;
  const latest = checkpoints?.[0];
  const selected = checkpoints?.find((checkpoint) => idOf(checkpoint) === selectedId);
  const shown = selected ?? latest;

  const steps = run?.steps;
  const ended = run?.ended ?? false;
  useEffect(() => {
    if (steps === undefined) return;
    void (async () => {
      await reload();
      if (!ended) return;
      await onStored();
      forget(threadId);
    })();
  }, [steps, ended, reload, onStored, forget, threadId]);

  // A run of another tab, or of this one before it was loaded again.
  const isBusy = opened?.thread.status === "busy" && !run;
  const joined = useRef<string>(undefined);
  useEffect(() => {
    const since = opened?.thread.updated_at;
    if (!isBusy || since === undefined || joined.current === since) return;
    joined.current = since;
    const before = opened?.checkpoints[0]?.values.messages ?? [];
    void play(threadId, "The run could not be followed", before, () => threads.join(threadId), true);
  }, [isBusy, opened, play, threads, threadId]);

  const messagesAt = (checkpoint: Checkpoint | undefined) => checkpoint?.values.messages ?? [];

  async function send(text: string) {
    setDraft("");
    const before = [...messagesAt(latest), humanMessage(text)];
    const { failed, steps } = await play(threadId, "The message was not answered", before, () =>
      threads.send(threadId, text),
    );
    if (failed && steps === 0) setDraft(text);
  }

  function travel(what: string, before: Message[], start: Parameters<Play>[3]) {
    select(undefined);
    onShowConversation();
    // The button that was pressed belongs to a checkpoint that is not shown any more.
    conversation.current?.focus();
    void play(threadId, what, before, start);
  }

  const replay = (checkpoint: Checkpoint) =>
    travel("The replay did not come to its end", messagesAt(checkpoint), () =>
      threads.replay(threadId, idOf(checkpoint)),
    );

  const fork = (checkpoint: Checkpoint, edit: ForkEdit) =>
    travel("The fork did not come to its end", edited(messagesAt(checkpoint), edit), () =>
      threads.fork(threadId, idOf(checkpoint), edit),
    );

  const resume = (interruptId: string, decision: Decision) =>
    void play(threadId, "The answer was not taken", messagesAt(latest), () =>
      threads.resume(threadId, interruptId, decision),
    );

  const goOn = () =>
    void play(threadId, "The run could not go on", messagesAt(latest), () => threads.send(threadId, null));

  if (opened === null) return <Missing threadId={threadId} onNew={onNew} />;
  return (
    <>
      <Conversation
        heading={conversation}
        threadId={threadId}
        status={statusOf(checkpoints, run, isBusy, failed)}
        messages={run ? run.messages : messagesAt(shown)}
        latest={latest}
        past={run ? undefined : selected === latest ? undefined : selected}
        draft={draft}
        onDraft={setDraft}
        onSend={(text) => void send(text)}
        onResume={resume}
        onContinue={goOn}
        onLatest={() => select(undefined)}
        onDelete={onDelete}
      />
      <section className="history" aria-label="History">
        <Timeline checkpoints={checkpoints} failed={failed} selected={shown && idOf(shown)} onSelect={select} />
        {shown && checkpoints && (
          <CheckpointPanel
            key={idOf(shown)}
            checkpoint={shown}
            parent={checkpoints.find((checkpoint) => idOf(checkpoint) === parentOf(shown))}
            busy={run !== undefined}
            onReplay={() => replay(shown)}
            onFork={(edit) => fork(shown, edit)}
          />
        )}
      </section>
    </>
  );
}

const humanMessage = (content: string, id?: string): Message => ({ type: "human", content, ...(id && { id }) });

const edited = (messages: Message[], { text, replaces }: ForkEdit): Message[] =>
  replaces === undefined
    ? [...messages, humanMessage(text)]
    : messages.map((message) => (message.id === replaces ? humanMessage(text, replaces) : message));
