/** How often each thing happens to a request, from 0 to 1. */
export interface FaultShares {
  /** It never arrives, and the caller hears so. */
  lost: number;
  /** It arrives, and the caller hears of a failure. */
  answerLost: number;
  /** The caller hears of a failure while it is still on its way. */
  late: number;
  /** The caller hears nothing until it gives up; then it is late. */
  hung: number;
  /** It arrives a second time, later. */
  double: number;
  /** The service fails, before or after it has done it. */
  failed: number;
  throttled: number;
  /** Of a batch, a part is left undone. */
  unprocessed: number;
}

export type Fault = keyof FaultShares;

/** Where the requests of an instance come from. */
export interface Client {
  name: string;
  /** How many of its requests have met a fault. */
  faults: number;
  /** By how many steps the replica lags that answers a read of it which is not consistent, at most. */
  lagSteps: number;
  /** How far its clock is ahead of that of the world. */
  skewMs?: number;
  /** Its machine stands still: no answer reaches it, and no timer fires. */
  isAsleep?: boolean;
  /** For how long it has stood still, as far as its monotonic clock did too. */
  sleptMs?: number;
}
