import { SENDS } from "../../checkpoint/read/tuple.js";
import type { StoredCheckpoint } from "../../checkpoint/read/open.js";
import { costOfKey, type Meter } from "../../format/meter.js";

/** Ids of checkpoints that others are rebuilt from, and the channels that they are needed for. */
export class NeededChannels extends Map<string, Set<string>> {
  /** @param meter limits what is kept in memory */
  constructor(private readonly meter: Meter) {
    super();
  }

  /** Adds channels to those of an id. @returns which of them are new there */
  add(id: string, channels: string[]): string[] {
    const known = this.get(id) ?? new Set();
    this.set(id, known);
    const added = channels.filter((channel) => !known.has(channel));
    for (const channel of added) {
      this.meter.add(costOfKey(channel));
      known.add(channel);
    }
    return added;
  }

  /** What is needed of this one and not stored in it is needed of its parent. */
  passOn(stored: StoredCheckpoint): void {
    const { id, parentId } = stored;
    const needed = [...(this.get(id) ?? [])];
    this.delete(id);
    // Only what is kept counts: a long history hands the same names on and on.
    for (const channel of needed) this.meter.add(-costOfKey(channel));
    const channels = neededBelow(stored, needed);
    if (parentId !== undefined && channels.length > 0) this.add(parentId, channels);
  }
}

/** Of the channels that a checkpoint is needed for, those that its parent is needed for. */
export const neededBelow = ({ frame }: StoredCheckpoint, channels: string[]): string[] =>
  channels.filter((channel) => channel !== SENDS && !frame.channels.has(channel));
