import { useCallback, useEffect, useRef, useState } from "react";
import { Conversation } from "./conversation/Conversation.js";
import { Missing } from "./Missing.js";
import { History } from "./history/History.js";
import { replaceAddress } from "./threads/address.js";
import { idOf } from "./threads/checkpoint.js";
import type { Cost } from "./threads/cost.js";
import { statusOf } from "./threads/status.js";
import {
  versionOf,
  type Agent,
  type Checkpoint,
  type Decision,
  type Draft,
  type Edit,
  type ForkEdit,
  type Message,
  type Threads,
} from "./threads/threads.js";
import { titleOf, useTitle } from "./threads/title.js";
import { useChanges } from "./threads/use-changes.js";
import { useLoaded } from "./threads/use-loaded.js";
import type { Failure, LiveRun, Play } from "./threads/use-runs.js";

const EMPTY: Draft = { text: "" };

interface ThreadProps {
  threads: Threads;
  threadId: string;
  /** The checkpoint that the address names. */
  checkpointId: string | undefined;
  /** Undefined until the server has told. */
  agent: Agent | undefined;
  run: LiveRun | undefined;
  /** Of the last run. */
  cost: Cost | undefined;
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
  checkpointId,
  agent,
  run,
  cost,
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
  const [draft, setDraft] = useState(EMPTY);
  const conversation = useRef<HTMLHeadingElement>(null);

  const checkpoints = opened?.checkpoints;
  const latest = checkpoints?.[0];
  const selected = checkpoints?.find((checkpoint) => idOf(checkpoint) === checkpointId);
  const shown = selected ?? latest;
  const select = (id: string | undefined) => replaceAddress({ threadId, checkpointId: id });

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

  // A run that is followed tells by itself what it does.
  const onChange = useCallback(async () => {
    await Promise.all([reload(), onStored()]);
  }, [reload, onStored]);
  useChanges(threads, threadId, opened && !run ? versionOf(opened.thread) : undefined, onChange);

  const messagesAt = (checkpoint: Checkpoint | undefined) => checkpoint?.values.messages ?? [];

  async function send(sent: Draft) {
    setDraft(EMPTY);
    const before = [...messagesAt(latest), humanMessage(sent.text)];
    const { failed, steps } = await play(threadId, "The message was not answered", before, () =>
      threads.send(threadId, sent),
    );
    if (failed && steps === 0) setDraft(sent);
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

  async function edit(checkpoint: Checkpoint, change: Edit) {
    await threads.edit(threadId, idOf(checkpoint), change);
    select(undefined);
    await onChange();
  }

  const resume = (interruptId: string, decision: Decision) =>
    void play(threadId, "The answer was not taken", messagesAt(latest), () =>
      threads.resume(threadId, interruptId, decision),
    );

  const goOn = () =>
    void play(threadId, "The run could not go on", messagesAt(latest), () => threads.send(threadId, null));

  const status = statusOf(checkpoints, run, isBusy, failed);
  const messages = run ? run.messages : messagesAt(shown);
  useTitle(titleOf(messages) ?? threadId, { running: "Running", waiting: "Waiting for you" }[status as string]);

  if (opened === null) return <Missing threadId={threadId} onNew={onNew} />;
  return (
    <>
      <Conversation
        heading={conversation}
        threadId={threadId}
        opened={opened}
        status={status}
        messages={messages}
        latest={latest}
        past={run ? undefined : selected === latest ? undefined : selected}
        cost={run || shown !== latest ? undefined : cost}
        draft={draft}
        takesDocument={agent?.takesDocument ?? false}
        onDraft={setDraft}
        onSend={(sent) => void send(sent)}
        onResume={resume}
        onContinue={goOn}
        onLatest={() => select(undefined)}
        onDelete={onDelete}
      />
      <History
        threads={threads}
        threadId={threadId}
        checkpoints={checkpoints}
        failed={failed}
        shown={shown}
        isLost={checkpointId !== undefined && checkpoints !== undefined && !selected && !run}
        nodes={agent?.nodes ?? []}
        busy={run !== undefined}
        onSelect={select}
        onReplay={replay}
        onFork={fork}
        onEdit={edit}
        onFailure={onFailure}
      />
    </>
  );
}

const humanMessage = (content: string, id?: string): Message => ({ type: "human", content, ...(id && { id }) });

const edited = (messages: Message[], { text, replaces }: ForkEdit): Message[] =>
  replaces === undefined
    ? [...messages, humanMessage(text)]
    : messages.map((message) => (message.id === replaces ? humanMessage(text, replaces) : message));
