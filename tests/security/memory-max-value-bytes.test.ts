import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { binary, buildFrame, gzipped } from "../lanes/stored/stored-bytes.js";
import { ALLOWED_MEBIBYTES, buildReader, read, removeReader } from "./memory/read-in-a-process.js";
import {
  MEBIBYTE,
  WHOLE,
  marker,
  checkpoint,
  zeros,
  json,
  messages,
  ofMessages,
  inline,
  repeated,
  chained,
  tasks,
  segmented,
  entryOf,
  ofStore,
  ofCache,
} from "./memory/stored-items.js";
import type { StoredItem } from "./memory/table-of-items.js";

/*
 * The kilobytes that mean gigabytes again, where `maxValueBytes` says what a Worker has room for.
 */

beforeAll(buildReader);

afterAll(removeReader);

describe("with maxValueBytes of 8 MiB, so does every call that meets as much as it allows, and more:", () => {
  const MAX = 8 * MEBIBYTE;
  const all: [what: string, reading: string, items: () => StoredItem[] | Promise<StoredItem[]>][] = [
    [
      "tasks that together are as long as is allowed",
      "getTuple",
      () => [marker, checkpoint("c0000", inline(100)), ...tasks(3, 7, MEBIBYTE)],
    ],
    ["a hundred tasks", "getTuple", () => [marker, checkpoint("c0000", inline(100)), ...tasks(100, 7, MEBIBYTE)]],
    [
      "a long history of a channel",
      "getDeltaChannelHistory",
      () => [
        marker,
        ...chained(repeated(60, binary(gzipped(buildFrame({ channels: { other: zeros(WHOLE - 1_000) } }))))),
        ...tasks(1, 7, MEBIBYTE),
      ],
    ],
    ["prune", "prune", () => [marker, ...repeated(60, inline(WHOLE - 1_000))]],
    [
      "exportThread",
      "exportThread",
      async () => [marker, ...repeated(60, inline(WHOLE - 1_000), "a"), ...(await segmented(11, 2, 4 * MEBIBYTE))],
    ],
    [
      "copyThread",
      "copyThread",
      async () => [marker, ...repeated(60, inline(WHOLE - 1_000), "a"), ...(await segmented(11, 2, 4 * MEBIBYTE))],
    ],
    ["a search for all", "search for all", () => ofStore(105, { data: entryOf(json(WHOLE - 1_000)) })],
    [
      "a search by meaning",
      "search by meaning",
      () => ofStore(40, { data: entryOf(json(100)), vectors: entryOf(zeros(WHOLE - 1_000), "f32") }),
    ],
    ["cache.get", "cache.get", () => ofCache(100, { data: entryOf(json(WHOLE - 1_000)) })],
    ["50,000 messages in a channel", "getTuple", () => [marker, checkpoint("c0000", ofMessages(WHOLE - 1_000))]],
    [
      "50,000 messages in an item that is passed over",
      "search",
      () => ofStore(1, { data: entryOf(messages(WHOLE - 1_000)) }),
    ],
    ["50,000 messages in the cache", "cache.get", () => ofCache(1, { data: entryOf(messages(WHOLE - 1_000)) })],
  ];
  // A run of everything takes every other one; who asks for this file gets all.
  const chosen = all.filter((_, i) => inject("effort") === "full" || i % 2 === 0);
  test.each(chosen)("%s", { timeout: 60_000 }, async (_, reading, items) => {
    const { outcome, mebibytes } = await read(reading, await items(), MAX);

    expect(outcome).toMatch(/^(done|VALUE_TOO_LARGE)$/);
    expect(mebibytes).toBeLessThan(ALLOWED_MEBIBYTES);
  });
});
