import { toBase64 } from "../../aws/base64.js";
import type { AttributeValue, Key, UpdateInput } from "../../aws/dynamodb/items.js";
import { BELOW } from "../../format/attributes.js";
import { FORMAT_VERSION } from "../../format/frame.js";
import { escapeId, type KeyPart } from "../../format/keys.js";
import { ORDER } from "../../format/write-order.js";
import { attributeOf } from "../../format/writes.js";
import { livingUpdate } from "../../payload/lifetime.js";
import { SEEN } from "../fence.js";

/** The attribute with the number of the call that has written a special channel. */
export const orderAttribute = (index: number): string => ORDER + index;

/** What is stored of a task beside its writes. */
interface About {
  taskPath: string;
  /** Of a question, the namespaces below where it was asked. */
  below?: readonly string[];
  /** What their holder had read first, where they say so. */
  seen?: string | undefined;
  isImported?: boolean;
  /** A path, as it is stored, that no write is bound to: it does not stand in the way. */
  planted?: string | undefined;
}

/** The update expression of one call of `putWrites`. */
export class Expression {
  readonly #set = ["v = :v"];
  /** That nothing has been removed since the call was made, and no special channel been written. */
  readonly #conditions = ["attribute_not_exists(#at) OR #at < :at"];
  readonly #names: Record<string, string> = { "#at": ORDER };
  readonly #values: Record<string, AttributeValue> = { ":v": { N: String(FORMAT_VERSION) }, ":one": { N: "1" } };

  constructor(task: KeyPart, { taskPath, below, seen, isImported, planted }: About, order: string) {
    this.#values[":at"] = { N: order };
    // A task that was taken over from another saver, and is run again here, keeps its place among the others.
    if (taskPath !== "") this.#setAttribute("path", { S: escapeId(taskPath) });
    if (taskPath !== "" && !isImported) {
      const other = planted === undefined ? "" : " OR #path = :planted";
      if (planted !== undefined) this.#values[":planted"] = { S: planted };
      this.#conditions.push(`attribute_not_exists(#path) OR #path = :path${other}`);
    }
    if (below && below.length > 0) this.#setAttribute(BELOW, { S: JSON.stringify(below) });
    if (seen !== undefined) this.#setAttribute(SEEN, { S: seen });
    if (task.whole !== undefined) this.#setAttribute("task", { S: task.whole });
  }

  /** The first write of an ordinary index wins, the last of a special one. */
  set(index: number, data: Uint8Array): void {
    const attribute = attributeOf(index);
    const name = index < 0 ? `#s${-index}` : attribute;
    const value = index < 0 ? `:s${-index}` : `:${attribute}`;
    this.#values[value] = { B: toBase64(data) };
    if (index >= 0) {
      this.#set.push(`${name}=if_not_exists(${name},${value})`);
      return;
    }
    const at = `#at${-index}`;
    this.#names[name] = attribute;
    this.#names[at] = orderAttribute(index);
    this.#set.push(`${name}=${value}`, `${at}=:at`);
    this.#conditions.push(`attribute_not_exists(${at}) OR ${at} <= :at`);
  }

  /** `n` counts the calls, so that one can tell whether another came between. */
  build(key: Key, until: number | undefined): UpdateInput {
    return livingUpdate(
      {
        key,
        set: this.#set,
        rest: " ADD n :one",
        names: this.#names,
        values: this.#values,
        conditions: this.#conditions,
      },
      until,
    );
  }

  #setAttribute(attribute: string, value: AttributeValue, operand = `:${attribute}`): void {
    this.#names[`#${attribute}`] = attribute;
    this.#values[`:${attribute}`] = value;
    this.#set.push(`#${attribute}=${operand}`);
  }
}
