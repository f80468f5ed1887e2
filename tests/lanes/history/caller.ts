import type { Instance } from "./instances.js";
import type { Span } from "./record.js";
import type { Story } from "./story.js";

/** Who makes the calls of runs, and notes when each began and ended. */
export interface Caller {
  readonly rejectsConflicts: boolean;

  /** A call begins now. */
  begin(): Span;

  /**
   * Makes one call. Whatever it fails with must be an outage.
   * @param span where to note it, if others have to know of it meanwhile
   * @param isExpected which other errors it may end in
   * @returns what it returned, unless it failed
   */
  call<T>(
    story: Story,
    instance: Instance,
    kind: string,
    what: string,
    action: (saver: Instance["saver"]) => Promise<T>,
    span?: Span,
    isExpected?: (error: unknown) => boolean,
  ): Promise<{ value: T } | undefined>;
}
