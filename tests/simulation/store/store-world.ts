import type { Moment } from "../model/records.js";
import { Stage } from "../world/stage.js";
import { StoreInstance, storeAuditorOf } from "./instances.js";
import { StoreModel, type Place } from "./model/model.js";
import type { PlannedPlace, StoreCall, StorePlan } from "./plan.js";

/** Times are told, and items expire, by the second. */
const COARSE_MS = 1_100;

/** The stores and caches that use one table and one bucket. */
export class StoreWorld extends Stage {
  readonly model: StoreModel;
  readonly instances: StoreInstance[];
  /** One for each key prefix. */
  readonly auditors: StoreInstance[];

  constructor(readonly plan: StorePlan) {
    super(plan);
    const skews = [0, ...plan.instances.map(({ skewMs = 0 }) => skewMs)];
    this.model = new StoreModel(COARSE_MS + Math.max(...skews) - Math.min(...skews));
    this.instances = plan.instances.map((one) => new StoreInstance(one, this.network));
    const prefixes = [...new Set(this.instances.map(({ keyPrefix }) => keyPrefix))];
    this.auditors = prefixes.map(
      (keyPrefix) => new StoreInstance(storeAuditorOf(plan.instances, keyPrefix), this.network),
    );
  }

  /** Auditors, and one for each prefix in the bucket. */
  deployed(): StoreInstance[] {
    const withS3 = this.instances.flatMap((one) => (one.plan.s3 ? [[one.plan.s3.prefix, one] as const] : []));
    return [...this.auditors, ...new Map(withS3).values()];
  }

  place({ keyPrefix }: StoreInstance, room: Place["room"], { ns, key }: PlannedPlace): Place {
    return { room, keyPrefix, namespace: this.plan.namespaces[ns]!, key: this.plan.keys[key]! };
  }

  /** From when on the state counts that a read of this instance sees: a replica may be behind. */
  seenFrom({ client }: StoreInstance, start: Moment): Moment {
    return client.lagSteps === 0 || this.network.calm ? start : this.momentOf(start.step - client.lagSteps);
  }

  isAlone({ kind }: StoreCall): boolean {
    return kind === "jump" || kind === "sweep" || kind === "settle";
  }
}
