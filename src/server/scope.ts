import { livingOf } from "../checkpoint/incarnation.js";
import type { Opened } from "../checkpoint/opened.js";
import { threadOf } from "../checkpoint/refs.js";
import type { Storage } from "../checkpoint/storage.js";
import { invalidConfig } from "../errors.js";
import type { DynamoDBSaver } from "../threads/saver.js";
import type { Caller, ServerConfig, StoreLike } from "./options.js";

/** What one caller works on. */
export interface Scope {
  config: ServerConfig;
  caller: Caller;
  /** The tenant's part of the key prefix. */
  tenant: string;
  saver: DynamoDBSaver;
  opened: Opened<DynamoDBSaver>;
  storage: Storage;
  store: StoreLike | undefined;
  /** Where the list of what is due lies: one for all tenants, so that a sweep finds all. */
  base: Storage;
  /** Runs that go on in this instance, by {@link localName}. */
  local: Map<string, LocalRun>;
}

/** A run that goes on in this instance. */
export interface LocalRun {
  /** What it is to do. */
  asked: string | undefined;
  /** Whether it has a question, and so is about to end. */
  isAsking: boolean;
  /** When it goes on here no more. */
  readonly over: Promise<void>;
  /** Who hears its events. */
  readonly listeners: Set<Listener>;
}

export interface Listener {
  readonly isLeft: boolean;
  push(event: { id?: string | undefined; event: string; data: string }): void;
}

export const localName = ({ tenant }: Pick<Scope, "tenant">, threadId: string, run: string): string =>
  JSON.stringify([tenant, threadId, run]);

export const isOfThread = (name: string, tenant: string, threadId: string): boolean =>
  name.startsWith(`${JSON.stringify([tenant, threadId]).slice(0, -1)},`);

/** Whether a thread has a checkpoint, also one that was made past this server. */
export const hasState = async ({ storage }: Scope, threadId: string): Promise<boolean> =>
  livingOf(await storage.incarnations.marker(await threadOf(storage, threadId))) !== undefined;

/** So many tenants' savers are kept: what they hold is plain data. */
const MOST_TENANTS = 100;

/** Makes the scopes of callers. */
export class Scopes {
  readonly #local: Scope["local"] = new Map();
  readonly #tenants = new Map<string, { saver: DynamoDBSaver; store: StoreLike | undefined }>();

  constructor(readonly config: ServerConfig) {}

  of(caller: Caller): Scope {
    const tenant = caller.keyPrefix ?? "";
    const { saver, store } = this.#tenant(tenant);
    const opened: Opened<DynamoDBSaver> = saver._opened;
    const { storage } = opened;
    const base = this.config.checkpointer._opened.storage;
    return { config: this.config, caller, tenant, saver, opened, storage, store, base, local: this.#local };
  }

  #tenant(keyPrefix: string): { saver: DynamoDBSaver; store: StoreLike | undefined } {
    const { checkpointer, store } = this.config;
    if (keyPrefix === "") return { saver: checkpointer, store };
    const known = this.#tenants.get(keyPrefix);
    if (known) return known;
    const made = { saver: checkpointer._opened.ofTenant(keyPrefix), store: store && storeOf(store, keyPrefix) };
    if (this.#tenants.size >= MOST_TENANTS) this.#tenants.delete(this.#tenants.keys().next().value!);
    this.#tenants.set(keyPrefix, made);
    return made;
  }
}

function storeOf(store: StoreLike, keyPrefix: string): StoreLike {
  const own = (store as { _ofTenant?: (keyPrefix: string) => StoreLike })._ofTenant;
  if (!own) throw invalidConfig("With keyPrefix of a caller, store must be a DynamoDBStore.");
  return own.call(store, keyPrefix);
}
