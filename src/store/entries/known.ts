import type { EventListener } from "../../aws/client/events.js";
import type { Item, Key } from "../../aws/dynamodb/items.js";
import { DATA } from "../../format/attributes.js";
import { textOfKey } from "../../format/keys.js";
import type { Backend } from "../../payload/backend.js";
import { isEnded } from "../../payload/lifetime.js";
import { ByteLru } from "../../payload/byte-lru.js";
import { BORN, VECTORS } from "./attributes.js";
import { Calls } from "./calls.js";

const KNOWN_BYTES = 1_024 * 1_024;

/** Where entries are, and what this instance knows of them. Plain data and clients, no promise. */
export interface Entries {
  backend: Backend;
  known: KnownEntries;
  calls: Calls;
  /** Whether each entry has an order pointer. */
  areOrdered: boolean;
  onEvent: EventListener | undefined;
}

export const openEntries = (backend: Backend, areOrdered: boolean, onEvent: EventListener | undefined): Entries => ({
  backend,
  known: new KnownEntries(),
  calls: new Calls(),
  areOrdered,
  onEvent,
});

/**
 * What this instance has last seen of entries, and of marks of deletions: so it can replace them in one request. What
 * another instance has changed since costs requests, and nothing else.
 */
export class KnownEntries {
  readonly #items = new ByteLru<Item>(KNOWN_BYTES);

  /** What has ended as it was seen may have been given another life since. */
  get(key: Key): Item | undefined {
    const item = this.#items.get(textOfKey(key));
    return item && !isEnded(item) ? item : undefined;
  }

  /** An item as it was read or written, whole. Of its values only that is kept which says what their segments are. */
  note(item: Item): void {
    const { [DATA]: _data, [VECTORS]: _vectors, ...rest } = item;
    const kept = BORN in item ? item : (rest as Item);
    // Of any attributes, also of types that the package does not write.
    this.#items.set(textOfKey(item), kept, JSON.stringify(kept).length + 500);
  }
}
