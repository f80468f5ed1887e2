import { emptyThread, noiseText, putStep } from "../../lanes/savers/checkpoints.js";
import { testCrashes, type CrashCase } from "../../lanes/faults/crash-suite.js";
import { optionSets, THREAD, type World } from "../../lanes/faults/crash-world.js";
import { livingFor, putDeltaStep, putDeltaThread } from "../../lanes/savers/delta-thread.js";

/*
 * A call that renews what a checkpoint shares with others, which was going to expire before it, is cut wherever it can
 * be. Whatever can be read then must outlive whoever needs it, and `DeltaChannel`s must be rebuilt to what they were.
 */

const SOON = 100;
/** With `ttlSeconds`, all that is there before lives for a shorter time than what comes. */
const soon = ({ ttlSeconds }: World): number | undefined => (ttlSeconds === undefined ? undefined : SOON);

const document = noiseText(2_000, 70);
const large = noiseText(7_000, 71);

const prepareDelta: CrashCase["prepare"] = (saver, world) => putDeltaThread(saver, THREAD, soon(world));
const prepareShared: CrashCase["prepare"] = async (saver, world) => {
  const first = await putStep(
    saver,
    livingFor(soon(world))(emptyThread(THREAD)),
    { document, large, n: 1 },
    { id: "1" },
  );
  await saver.putWrites(
    livingFor(soon(world))(first).config,
    [
      ["n", 2],
      ["document", noiseText(66_000, 72)],
    ],
    "task",
  );
  return [first];
};

const cases: CrashCase[] = [
  {
    name: "a checkpoint whose segments have to be renewed is there whole or not at all",
    prepare: prepareShared,
    run: (saver, steps) => putStep(saver, steps[0]!, { n: 2 }, { id: "2" }),
    minPlaces: 1,
  },
  {
    name: "a checkpoint whose DeltaChannel needs ancestors is there with them or not at all",
    prepare: prepareDelta,
    run: (saver, steps) => putDeltaStep(saver, steps[1]!, "3", 2),
    delta: ["log"],
    minPlaces: 1,
  },
  {
    name: "a checkpoint whose instance has to read its ancestors first is there with them or not at all",
    prepare: prepareDelta,
    cold: true,
    run: (saver, steps) => putDeltaStep(saver, steps[1]!, "3", 2),
    delta: ["log"],
    minPlaces: 2,
  },
  {
    name: "a DeltaChannel that is stored in full again is there whole or not at all",
    prepare: prepareDelta,
    run: (saver, steps) => putStep(saver, steps[1]!, { log: noiseText(5_000, 73) }, { id: "3" }),
    delta: ["log"],
    minPlaces: 2,
  },
  {
    name: "writes that live longer than those of their task before are there or not",
    prepare: prepareShared,
    run: (saver, steps) =>
      saver.putWrites(
        steps[0]!.config,
        [
          ["n", 3],
          ["n", 4],
          ["n", noiseText(67_000, 74)],
        ],
        "task",
      ),
    minPlaces: 2,
  },
  {
    name: "writes that would live for a shorter time than those of their task before are there or not",
    prepare: prepareShared,
    run: (saver, steps, { ttlSeconds }) =>
      saver.putWrites(
        livingFor(ttlSeconds && SOON / 2)(steps[0]!).config,
        [
          ["n", 3],
          ["n", 4],
          ["n", noiseText(67_000, 74)],
        ],
        "task",
      ),
    minPlaces: 2,
  },
  {
    name: "a checkpoint that is read and renewed stays as it is",
    prepare: prepareShared,
    reads: true,
    run: (saver, steps) => saver.getTuple(steps[0]!.config),
    minPlaces: 2,
  },
  {
    name: "a checkpoint that is read and renewed with the ancestors of its DeltaChannel stays as it is",
    prepare: prepareDelta,
    reads: true,
    run: (saver, steps) => saver.getTuple(steps[1]!.config),
    delta: ["log"],
    minPlaces: 2,
  },
];

// Where nothing expires, nothing is renewed: of those, the plain options are enough.
testCrashes(
  cases,
  optionSets.filter(({ name, options }) => name === "plain" || options.ttlSeconds !== undefined),
);
