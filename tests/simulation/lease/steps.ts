import { epochOf } from "../../../src/checkpoint/fence.js";
import { idTime } from "../../../src/checkpoint/ids.js";
import type { Rules, Told } from "./rules.js";
import {
  idAt,
  latestFor,
  LEASE,
  msAt,
  pendingFor,
  readsOf,
  topOf,
  type Payload,
  type Request,
  type Run,
  type State,
} from "./state.js";

/** What a run does, one after the other; `other` are the writes of another task. */
export type Action = "acquire" | "read" | "writes" | "other" | "put" | "release";

/** Before all times. */
const NEVER = -1_000;

/** What is wrong with a step. */
export class Wrong extends Error {}

export interface Bounds {
  rules: Rules;
  scripts: Action[][];
  /** How long it goes on, in units of 5 seconds. */
  until: number;
}

/** All that can happen next, by name. */
export function nextSteps(state: State, bounds: Bounds): [name: string, next: State][] {
  const steps: [string, State][] = [];
  const add = (name: string, change: (next: State) => void): void => {
    const next = copyOf(state);
    change(next);
    next.requests = next.requests.filter((one) => one.copies > 0 || one.isAwaited);
    steps.push([name, next]);
  };
  if (state.now < bounds.until) add("5 seconds pass", (next) => next.now++);
  if (state.breaks > 0 && state.marker.until !== undefined)
    add("the lease is broken", (next) => {
      next.breaks--;
      next.marker = { ...next.marker, lease: "broken", until: undefined };
    });
  for (const [i, run] of state.runs.entries()) {
    // One that dies is one that does not go on.
    if (run.state !== "runs") continue;
    if (!state.requests.some((one) => one.run === i && one.isAwaited))
      add(`${i} goes on: ${bounds.scripts[i]![run.at] ?? "ends"}`, (next) => goOn(next, next.runs[i]!, i, bounds));
  }
  for (const [n, { run, payload, copies, answer, isAwaited }] of state.requests.entries()) {
    const name = `${payload.kind} of ${run}`;
    if (copies > 0) {
      add(`${name} arrives`, (next) => arrive(next, next.requests[n]!, bounds.rules));
      if (state.doubles > 0 && answer === undefined)
        add(`${name} arrives, and will again`, (next) => {
          next.doubles--;
          next.requests[n]!.copies++;
          arrive(next, next.requests[n]!, bounds.rules);
        });
    }
    if (isAwaited && answer) add(`${name} is answered`, (next) => answered(next, next.requests[n]!));
  }
  return steps;
}

/** It is plain data, of which this is the fastest copy. */
const copyOf = (state: State): State => JSON.parse(JSON.stringify(state)) as State;

/** A run that waits for nothing does what is next. */
function goOn(state: State, run: Run, i: number, { rules, scripts }: Bounds): void {
  const action = scripts[i]![run.at];
  const send = (payload: Payload): void => {
    run.sentAt = state.now;
    state.requests.push({ run: i, payload, copies: 1, isAwaited: true });
  };
  if (action === undefined) {
    run.state = "done";
    return;
  }
  if (action === "acquire") return acquire(state, run, i, rules, send);
  if (action === "release")
    return send({ kind: "release", lease: run.lease, token: run.token, told: toldBy(state, run) });
  // Without a lease, nothing is asked.
  if (run.token > 0 && rules.holderMeasures && state.now - run.renewedAt >= LEASE)
    return send({ kind: "renew", lease: run.lease, token: run.token, until: state.now + run.clock + LEASE });
  if (action === "read") {
    // The marker comes with it.
    if (run.token > 0 && !isCurrent(state, run)) {
      run.state = "lost";
      return;
    }
    run.base = latestFor(state, rules, { ...run, base: null }) ?? undefined;
    if (run.base?.id !== topOf(state, rules)?.id) throw new Wrong(`${i} does not find the latest`);
    run.seen = run.base ? pendingFor(state, rules, run.base.id) : [];
    run.at++;
    return;
  }
  run.hasBegun = true;
  const base = run.puts.at(-1) ?? run.base?.id;
  const parent = state.checkpoints.find(({ id }) => id === base);
  const task = action === "other" ? "b" : "a";
  if (action === "writes" || action === "other") {
    // A task that has written already is not run again.
    if (run.puts.length === 0 && run.seen.some((one) => one.startsWith(`${task}@`))) run.at++;
    else {
      const claims = run.puts.length > 0 || readsOf(run).claims("", base!);
      const seen = claims && run.token > 0 ? rules.seen(readsOf(run), base!) : undefined;
      send({ kind: "writes", writes: { on: base!, task, token: run.token, claims, seen, by: run.token } });
    }
    return;
  }
  const own = run.writes.filter((one) => one.startsWith(`${base} `)).map((one) => `${one.split(" ")[1]}@${run.token}`);
  const seen = run.puts.length === 0 ? run.seen : [];
  send({
    kind: "put",
    checkpoint: {
      id: idAt(
        state.now + run.clock,
        run.token > 0 ? run.token * 10 + run.puts.length : 100 + 10 * i + run.puts.length,
      ),
      parentId: base,
      // Without a lease, one goes on in the epoch that was read.
      token: run.token > 0 ? run.token : run.base ? epochOf(run.base) : 0,
      over: run.token > 0 && parent && parent.token < run.token ? readsOf(run).over("", base!) : undefined,
      basis: [...seen.filter((one) => !own.some((mine) => mine.split("@")[0] === one.split("@")[0])), ...own].sort(),
    },
  });
}

/** What a run tells the marker of what was acknowledged. */
function toldBy({ checkpoints }: State, run: Run): Told {
  if (run.puts.length + run.writes.length === 0) return run.hasBegun ? undefined : "nothing";
  const id = run.puts.at(-1) ?? run.base!.id;
  const { id: stored } = checkpoints.find((one) => one.id === id)!;
  return { storedFrom: Math.min(idTime(stored)!, run.began) };
}

function acquire(state: State, run: Run, i: number, { allowance }: Rules, send: (payload: Payload) => void): void {
  const { marker, now } = state;
  const clock = now + run.clock;
  const payload = { kind: "acquire" as const, lease: `${i}.${now}`, until: clock + LEASE, began: msAt(clock) + i };
  if (!run.watches || marker.until === undefined) return send({ ...payload, expired: clock - allowance });
  const { watched } = run;
  if (watched?.lease !== marker.lease || watched?.until !== marker.until)
    run.watched = { lease: marker.lease!, until: marker.until, since: now };
  else if (now - watched.since >= marker.seconds)
    send({ ...payload, expired: NEVER, seen: { lease: marker.lease!, until: marker.until } });
}

/** What a request does to the table. */
function arrive(state: State, request: Request, rules: Rules): void {
  const { marker } = state;
  const { payload, run: i } = request;
  const run = state.runs[i]!;
  let isDone = true;
  if (payload.kind === "acquire") {
    const { lease, until, expired, seen, began } = payload;
    const isFree = marker.until === undefined || marker.until <= expired;
    const isTaken = seen !== undefined && marker.lease === seen.lease && marker.until === seen.until;
    isDone = marker.lease !== lease && (isFree || isTaken);
    if (isDone) {
      for (const [n, other] of state.runs.entries())
        if (n !== i && holds(state, other, n) && (!rules.holderMeasures || state.now - other.renewedAt < LEASE))
          throw new Wrong(`${i} is granted a lease while ${n} holds one`);
      state.marker = { ...marker, token: marker.token + 1, lease, until, since: marker.since ?? began };
    } else {
      isDone = marker.lease === lease;
      const end = marker.until === undefined ? 0 : marker.until - state.runs[Number(marker.lease![0])]!.clock;
      if (!isDone && !seen && run.state === "runs" && payload.expired === state.now + run.clock - rules.allowance)
        if (state.now > end + rules.allowance + 1) throw new Wrong("A holder that is gone stops others for too long");
    }
  } else if (payload.kind === "renew") {
    isDone = rules.mayRenew(marker, payload);
    if (isDone) {
      if (marker.lease !== payload.lease || marker.token !== payload.token)
        throw new Wrong(`A renewal of ${i} revives what has ended`);
      state.marker = { ...marker, until: Math.max(marker.until!, payload.until) };
    }
  } else if (payload.kind === "release") {
    if (rules.mayRelease(marker, payload)) {
      if (marker.lease !== payload.lease && marker.until !== undefined)
        throw new Wrong(`${i} releases another's lease`);
      const isFirst = run.before.since === undefined;
      state.marker = { ...rules.released(marker, payload.told, isFirst), until: undefined };
    }
  } else if (payload.kind === "put") {
    const { checkpoint } = payload;
    if (!state.checkpoints.some(({ id }) => id === checkpoint.id)) state.checkpoints.push(checkpoint);
  } else {
    const { on, task, token } = payload.writes;
    const isThere = state.writes.some(
      (one) => one.on === on && one.task === task && (!rules.hasOwnPlace || one.token === token),
    );
    if (!isThere) state.writes.push({ ...payload.writes });
  }
  request.copies--;
  const { token, since, stored, storedFrom } = state.marker;
  request.answer ??= { isDone, token, ...(payload.kind === "acquire" && { since, stored, storedFrom }) };
}

/** Whether a run believes to hold the thread. */
export function holds(state: State, run: Run, i: number): boolean {
  const releases = state.requests.some((one) => one.run === i && one.payload.kind === "release");
  return run.state === "runs" && run.token > 0 && !releases && run.lease !== "" && isCurrent(state, run);
}

/** Whether a lease was not broken meanwhile: then its holder does not know yet. */
const isCurrent = ({ marker }: State, { lease, token }: Run): boolean =>
  marker.lease === lease && marker.token === token;

/** A run gets what it has waited for. */
function answered(state: State, request: Request): void {
  const { payload, answer } = request;
  const run = state.runs[request.run]!;
  request.isAwaited = false;
  const { sentAt } = run;
  run.sentAt = 0; // states that differ in nothing else are the same
  if (payload.kind === "acquire") {
    if (!answer!.isDone) return;
    const { token, since, stored, storedFrom } = answer!;
    // One that is above an unknown one is not the first of them.
    const before = { token: token - 1, since: since === payload.began ? undefined : since, stored, storedFrom };
    Object.assign(run, { token, lease: payload.lease, renewedAt: sentAt, watched: undefined });
    Object.assign(run, { before, began: payload.began });
  } else if (payload.kind === "renew") {
    if (answer!.isDone) run.renewedAt = sentAt;
    else run.state = "lost";
    return;
  } else if (payload.kind === "put") run.puts.push(payload.checkpoint.id);
  else if (payload.kind === "writes") run.writes.push(`${payload.writes.on} ${payload.writes.task}`);
  if (payload.kind === "release") run.state = "done";
  run.at++;
}

/** The highest epoch of anything that is stored. */
export const youngestStored = (state: State): number =>
  Math.max(
    0,
    ...state.checkpoints.map(({ token }) => epochOf({ token, claimed: 0 })),
    ...state.writes.filter(({ claims }) => claims).map(({ token }) => token),
  );
