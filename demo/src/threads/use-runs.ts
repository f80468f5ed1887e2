import { useCallback, useState } from "react";
import { costOf, sum, type Cost } from "./cost.js";
import { problemOf, type Problem } from "./problem.js";
import { RunError } from "./run-error.js";
import { toldBy } from "./told.js";
import type { Message, Run } from "./threads.js";

/** A run under way: the conversation it began with, and what it has said since. */
export interface LiveRun {
  messages: Message[];
  /** How many nodes have ended. */
  steps: number;
  /** It is over, but the thread has not been read again yet. */
  ended: boolean;
}

/** Something that failed. */
export interface Failure extends Problem {
  what: string;
}

/** What became of a run. */
export interface Outcome {
  failed: boolean;
  steps: number;
}

export type Play = (
  threadId: string,
  what: string,
  before: Message[],
  start: () => Run,
  /** A person has not asked for it, so what has failed before stays on the screen. */
  isQuiet?: boolean,
) => Promise<Outcome>;

/** The runs under way, by thread: one goes on while another thread is shown. */
export function useRuns(onFailure: (failure: Failure | undefined) => void) {
  const [runs, setRuns] = useState<Readonly<Record<string, LiveRun>>>({});
  /** Of the last run of each thread. */
  const [costs, setCosts] = useState<Readonly<Record<string, Cost>>>({});

  const play = useCallback<Play>(
    async (threadId, what, before, start, isQuiet = false) => {
      let run: LiveRun = { messages: before, steps: 0, ended: false };
      const show = (next: Partial<LiveRun>) => {
        run = { ...run, ...next };
        setRuns((all) => ({ ...all, [threadId]: run }));
      };
      if (!isQuiet) onFailure(undefined);
      show({});
      const told: Cost[] = [];
      let failed = false;
      const there = new Set(before.map(({ id }) => id));
      try {
        for await (const { event, data } of start()) {
          if (event === "error") {
            const { error, message } = data as { error: string; message: string };
            throw new RunError(error, message);
          }
          const cost = costOf(event, data);
          if (cost) told.push(cost);
          const messages = toldBy(event, data, run.messages, (id) => there.has(id));
          if (messages) show({ messages, steps: run.steps + (event === "updates" ? 1 : 0) });
        }
      } catch (error) {
        failed = true;
        onFailure({ ...problemOf(error), what });
      }
      show({ ended: true });
      setCosts((all) => ({ ...all, [threadId]: sum(told) }));
      return { failed, steps: run.steps };
    },
    [onFailure],
  );

  const forget = useCallback((threadId: string) => setRuns(({ [threadId]: _ended, ...others }) => others), []);

  return { runs, costs, play, forget };
}
