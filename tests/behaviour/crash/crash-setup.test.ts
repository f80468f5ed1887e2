import type { SetupResult } from "langgraph-checkpoint-dynamodb";
import { expect, inject, test } from "vitest";
import { cutEverywhere } from "../../lanes/faults/cuts.js";
import { createSaver, type SaverOptions } from "../../lanes/savers/harness.js";
import { rawSetup, removeSetup, type RawSetup } from "../../lanes/stored/raw-setup.js";
import { newBucket } from "../../lanes/stored/s3-bucket.js";
import { s3Options } from "../../lanes/savers/s3-options.js";

/*
 * `setup()` is cut wherever it can be, on tables and buckets of its own. Called again, it makes what is missing and
 * nothing else, and says so.
 */

const TTL = { ttlSeconds: 86_400 };

interface Case {
  name: string;
  options: Partial<SaverOptions>;
  /** Options of the saver that has set up something before. */
  before?: Partial<SaverOptions>;
  withBucket?: boolean;
  minPlaces: number;
}

const cases: Case[] = [
  { name: "a table", options: {}, minPlaces: 3 },
  { name: "a table whose items expire", options: TTL, minPlaces: 5 },
  { name: "a table whose items expire, and a bucket whose objects do", options: TTL, withBucket: true, minPlaces: 7 },
  { name: "what is missing of a table and a bucket", options: TTL, before: {}, withBucket: true, minPlaces: 5 },
  { name: "nothing, where everything is there", options: TTL, before: TTL, withBucket: true, minPlaces: 3 },
];

test.each(cases)(
  "setup makes $name, wherever it was cut before",
  async ({ options, before, withBucket = false, minPlaces }) => {
    const newWorld = (): Partial<SaverOptions> => {
      const name = `crash-setup-${crypto.randomUUID()}`;
      return {
        ...options,
        tableName: name,
        ...(withBucket && { s3: s3Options({ bucket: name, prefix: "threads/" }) }),
      };
    };

    await cutEverywhere(
      newWorld,
      (world) => {
        const tableName = world.tableName!;
        const bucket = world.s3?.bucket;
        let between: RawSetup;
        let result: SetupResult;
        return {
          prepare: async () => {
            if (bucket !== undefined) await newBucket(bucket);
            if (before) await createSaver({ ...world, ttlSeconds: undefined, ...before }).setup();
          },
          run: async (saver) => saver.setup(),
          look: async (acknowledged) => {
            if (acknowledged) expect(await rawSetup(tableName, bucket)).toEqual(complete(world));
          },
          goOn: async (saver) => {
            between = await rawSetup(tableName, bucket);
            result = await saver.setup();
          },
          check: async () => {
            expect(result).toEqual(said(world, between, result));
            expect(await rawSetup(tableName, bucket)).toEqual(complete(world));
            const again = await createSaver(world).setup();
            expect(again).toEqual(said(world, complete(world), again));
            await removeSetup(tableName, bucket);
          },
        };
      },
      { maxCuts: inject("cuts") ?? 25, minPlaces },
    );
  },
);

/** Those of calls with a ttl of their own, one of which does for the saver's too. */
const RULES = 12;

/** What there is after a setup with these options. */
const complete = ({ ttlSeconds, s3 }: Partial<SaverOptions>): RawSetup => ({
  table: true,
  timeToLive: ttlSeconds !== undefined,
  rules: s3 && ttlSeconds !== undefined ? RULES : 0,
});

/** What setup says where this was there before. */
function said(
  { tableName, ttlSeconds, s3 }: Partial<SaverOptions>,
  { table, timeToLive, rules }: RawSetup,
  { lifecycleRule }: SetupResult,
): SetupResult {
  return {
    table: { name: tableName!, status: table ? "existed" : "created" },
    ...(ttlSeconds !== undefined && { timeToLive: timeToLive ? "existed" : "enabled" }),
    ...(ttlSeconds !== undefined &&
      s3 && { lifecycleRule: { id: lifecycleRule!.id, status: rules > 0 ? "existed" : "installed" } }),
  };
}
