import type { RecordedCheckpoint, RecordedWrites, Removal } from "./records.js";

/** What is being removed while a read goes on. */
export class Removals {
  readonly #underWay: Removal[] = [];

  begin(removal: Removal): Removal {
    this.#underWay.push(removal);
    return removal;
  }

  end(removal: Removal): void {
    this.#underWay.splice(this.#underWay.indexOf(removal), 1);
  }

  /** Whether one of them may remove this checkpoint. */
  touch(checkpoint: RecordedCheckpoint): boolean {
    return this.#underWay.some(
      ({ thread, touches }) => (thread === undefined || thread === checkpoint.thread) && touches(checkpoint),
    );
  }

  /** Whether one of them may remove these writes. */
  touchWrites(writes: RecordedWrites): boolean {
    return this.#underWay.some(
      ({ thread, touchesWrites }) => (thread === undefined || thread === writes.thread) && touchesWrites?.(writes),
    );
  }
}
