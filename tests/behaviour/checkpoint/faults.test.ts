import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { emptyThread, latestOf, noise, putStep } from "../../lanes/savers/checkpoints.js";
import { everyCall, patience, renewing } from "../../lanes/faults/fault-scenario.js";
import { ALL_FAULTS, faultOf, PASSING_FAULTS, type FaultName } from "../../lanes/faults/faults.js";
import { serviceOf } from "../../lanes/faults/fault-answers.js";
import { always, chaos, onFirstAttempt, withFaults, type Chooser } from "../../lanes/faults/with-faults.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver, credentials, type SaverOptions } from "../../lanes/savers/harness.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { fetchWithRefusals } from "../../lanes/savers/s3-options.js";
import { newPlace } from "../../lanes/savers/s3-saver.js";

/*
 * Everything that can go wrong between the saver and its services, met at the first attempt of every request, and met
 * at every attempt.
 */

/** Tests run side by side here: most of them wait for timeouts. */
beforeAll(() => void vi.spyOn(Math, "random").mockReturnValue(0));
afterAll(() => void vi.restoreAllMocks());

/** The faults of `service`, and a chooser that leaves the other service alone. */
const faultsOf = (service: "dynamodb" | "s3", names: readonly FaultName[]): [what: string, name: FaultName][] =>
  names.filter((name) => (faultOf(name).service ?? service) === service).map((name) => [faultOf(name).what, name]);

const onlyTo =
  (service: "dynamodb" | "s3", choose: Chooser): Chooser =>
  (request) =>
    serviceOf(request) === service ? choose(request) : undefined;

describe.each(["dynamodb", "s3"] as const)("%s:", (service) => {
  const place = (): Partial<SaverOptions> & { keyPrefix: string } =>
    service === "s3" ? newPlace({ thresholdBytes: 2_500 }) : { keyPrefix: newPrefix() };

  test.concurrent.each(faultsOf(service, PASSING_FAULTS))(
    "%s, at the first attempt of every request, loses nothing",
    async (_, name) => {
      const { fetch, injected } = withFaults(
        onlyTo(service, onFirstAttempt(name)),
        name === "clockOff" ? fetchWithRefusals : undefined,
      );
      const provider = renewing(credentials());

      await everyCall(place() as Parameters<typeof everyCall>[0], {
        fetch,
        ...patience(name),
        credentials: provider.credentials,
      });

      expect(injected[name]).toBeGreaterThan(0);
      if (name === "expiredToken") expect(provider.asked()).toBeGreaterThan(injected[name]!);
    },
  );

  test.concurrent.each(faultsOf(service, ALL_FAULTS).filter(([, name]) => faultOf(name).endsAs))(
    "%s, at every attempt, ends in a typed error",
    async (_, name) => {
      const { endsAs, final, operation } = faultOf(name);
      const { fetch, injected } = withFaults(onlyTo(service, always(name)));
      const options = { ...place(), credentials: renewing(credentials()).credentials, ...patience(name) };
      const reader = createSaver({ ...options, fetch });
      // Two items make a batch; two objects would be two requests.
      const step = await putStep(createSaver(options), emptyThread(), {
        document: noise(6_000, 1),
        ...(service === "dynamodb" && { other: noise(7_000, 2) }),
      });

      const write =
        operation === "BatchWriteItem" ||
        (service === "s3" && ["strangersPage", "shortAnswer", "garbledAnswer"].includes(name));
      const call = write
        ? reader.deleteThread(step.config.configurable!.thread_id as string)
        : reader.getTuple(latestOf(step)); // whose first request is alone

      expect(await errorOf(call)).toMatchObject({ name: "AwsRequestError", code: endsAs, service });
      if (final) expect(injected).toEqual({ [name]: 1 });
      else expect(injected[name]).toBeGreaterThan(1);
    },
  );
});

test("chaos with the same seed does the same to the same requests, and other things with another", async () => {
  const met = async (seed: string): Promise<(string | undefined)[]> => {
    const never = new Response("{}");
    const { fetch, injected } = chaos({
      seed,
      share: 0.3,
      next: async () => never.clone(),
      kinds: PASSING_FAULTS.filter(
        (name) => faultOf(name).endsAs !== "TIMEOUT" && faultOf(name).operation === undefined,
      ),
    });
    const log: (string | undefined)[] = [];
    for (let i = 0; i < 100; i++) {
      const before = { ...injected };
      const init = {
        method: "POST",
        headers: { "x-amz-target": "DynamoDB_20120810.Query", "x-amz-date": "20260101T000000Z" },
        body: new TextEncoder().encode("{}"),
        signal: new AbortController().signal,
      };
      await fetch("http://127.0.0.1/", init)
        .then((answer) => answer.arrayBuffer())
        .catch(() => undefined);
      log.push((Object.keys(injected) as FaultName[]).find((name) => injected[name] !== before[name]));
    }
    return log;
  };

  const [one, again, other] = [await met("one"), await met("one"), await met("other")];

  expect(again).toEqual(one);
  expect(other).not.toEqual(one);
  const count = one.filter(Boolean).length;
  expect(count).toBeGreaterThan(15);
  expect(count).toBeLessThan(45);
});
