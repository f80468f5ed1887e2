import { Copies } from "../model/copies.js";
import { auditorOf, Instance } from "../calls/instances.js";
import { Judge } from "../model/judge.js";
import { Model } from "../model/model.js";
import type { Call, Plan } from "../calls/plan.js";
import type { Span } from "../model/records.js";
import { Stage } from "./stage.js";

/** The savers that use one table and one bucket. */
export class World extends Stage {
  readonly model = new Model(() => this.lateArrivals > 0);
  readonly copies = new Copies(this.model);
  readonly judge = new Judge(this.model);
  readonly instances: Instance[];
  readonly auditor: Instance;

  constructor(readonly plan: Plan) {
    super(plan);
    this.instances = plan.instances.map((one) => new Instance(one, this.network));
    this.auditor = new Instance(auditorOf(plan.instances), this.network);
  }

  /** The span of a read, as an instance sees it: a replica may be behind. */
  seenBy({ client }: Instance, { start, end }: Span): Span {
    return { start: { ...start, step: start.step - client.lagSteps }, end };
  }

  /** A call that waits until nothing else is under way, and nothing begins beside it. */
  isAlone(call: Call): boolean {
    return (
      call.kind === "jump" ||
      call.kind === "sweep" ||
      call.kind === "settle" ||
      (call.kind === "prune" && call.graceSeconds === 0)
    );
  }
}
