import type { SaverConfig } from "../config/config.js";
import type { Leases } from "./lease/leases.js";
import type { Storage } from "./storage.js";

/**
 * What the agent server works on beside the methods of a saver. It finds that by a name, and not by a table of a
 * module: in CommonJS each entry of the package has modules of its own. The name is no symbol, since a class with
 * such a member stays in a bundle that does not use it.
 */
export interface Opened<Saver> {
  storage: Storage;
  leases: Leases;
  ttlSeconds: SaverConfig["ttlSeconds"];
  /** The same saver, for a tenant: its `keyPrefix` comes behind that of the options. */
  ofTenant(keyPrefix: string): Saver;
}
