import { useCallback, useReducer, useState } from "react";
import { ErrorAlert } from "./ErrorAlert.js";
import { Header } from "./Header.js";
import { Thread } from "./Thread.js";
import { ThreadList } from "./ThreadList.js";
import { ViewSwitch, type View } from "./ViewSwitch.js";
import { problemOf } from "./threads/problem.js";
import { goTo, newThreadId, useAddress } from "./threads/address.js";
import type { Threads } from "./threads/threads.js";
import { useLoaded } from "./threads/use-loaded.js";
import { useReturn } from "./threads/use-return.js";
import { useRuns, type Failure } from "./threads/use-runs.js";
import { Welcome } from "./Welcome.js";

export function App({ threads }: { threads: Threads }) {
  const [failure, setFailure] = useState<Failure>();
  const [attempt, readAgain] = useReducer((number: number) => number + 1, 0);
  // What follows from a failure, such as a history that cannot be read either, says less than the failure itself.
  const report = useCallback((next: Failure | undefined) => setFailure((shown) => next && (shown ?? next)), []);
  const { threadId, checkpointId } = useAddress();
  const [view, setView] = useState<View>("conversation");
  const list = useLoaded(threads.list, "The threads could not be read", report, attempt);
  const { value: agent } = useLoaded(threads.agent, "The agent could not be read", report, attempt);
  const { runs, costs, play, forget } = useRuns(report);
  useReturn(list.reload);

  const openThread = useCallback((id: string | undefined) => {
    setFailure(undefined);
    setView("conversation");
    goTo({ threadId: id });
  }, []);

  async function newThread() {
    // Whoever types on would press the button again. The new thread's message takes the focus.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    const id = newThreadId();
    try {
      await threads.create(id);
      openThread(id);
      await list.reload();
    } catch (error) {
      report({ ...problemOf(error), what: "The thread could not be begun" });
    }
  }

  async function deleteThread(id: string) {
    try {
      await threads.delete(id);
      openThread(undefined);
      await list.reload();
    } catch (error) {
      report({ ...problemOf(error), what: "The thread could not be deleted" });
    }
  }

  return (
    <div className="app" data-view={view}>
      <Header place={threads.place} storage={threads.storage} />
      <ViewSwitch view={view} onChange={setView} />
      {failure && (
        <ErrorAlert
          failure={failure}
          onReadAgain={() => {
            setFailure(undefined);
            readAgain();
          }}
          onDismiss={() => setFailure(undefined)}
        />
      )}
      <main className="columns">
        <ThreadList
          threads={list.value}
          failed={list.failed}
          current={threadId}
          running={Object.keys(runs).filter((id) => !runs[id]?.ended)}
          onOpen={openThread}
          onNew={() => void newThread()}
        />
        {threadId === undefined ? (
          <Welcome onNew={() => void newThread()} />
        ) : (
          <Thread
            key={threadId}
            threads={threads}
            threadId={threadId}
            checkpointId={checkpointId}
            agent={agent}
            run={runs[threadId]}
            cost={costs[threadId]}
            play={play}
            forget={forget}
            onFailure={report}
            attempt={attempt}
            onStored={list.reload}
            onShowConversation={() => setView("conversation")}
            onNew={() => void newThread()}
            onDelete={() => deleteThread(threadId)}
          />
        )}
      </main>
    </div>
  );
}
