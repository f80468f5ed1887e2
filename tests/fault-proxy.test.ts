import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { emptyThread, noise, putStep } from "./lanes/savers/checkpoints.js";
import { startFaultProxy } from "./lanes/servers/fault-proxy.js";
import { everyCall, patience, renewing } from "./lanes/faults/fault-scenario.js";
import { ALL_FAULTS, faultOf, PASSING_FAULTS, type FaultName } from "./lanes/faults/faults.js";
import { always, onFirstAttempt, type Chooser } from "./lanes/faults/with-faults.js";
import { errorOf } from "./lanes/faults/faulty-fetch.js";
import { createSaver, credentials, endpoint, type SaverOptions } from "./lanes/savers/harness.js";
import { newPrefix } from "./lanes/stored/requests.js";
import { newPlace, type Place } from "./lanes/savers/s3-saver.js";

/*
 * The same faults as in behaviour/checkpoint/faults.test.ts, on the wire: sockets are reset, answers break off, drip or
 * never come. What Node's own `fetch` makes of that is what the saver has to survive.
 */

// Tests run side by side here: most of them wait for timeouts.
beforeAll(() => void vi.spyOn(Math, "random").mockReturnValue(0));
afterAll(() => void vi.restoreAllMocks());

type Service = "dynamodb" | "s3";
const faultsOf = (service: Service, names: readonly FaultName[]): [what: string, name: FaultName][] =>
  names.filter((name) => (faultOf(name).service ?? service) === service).map((name) => [faultOf(name).what, name]);

/** Runs `action` with a place whose requests to one service go through a proxy, and says what they met there. */
async function through(
  service: Service,
  choose: Chooser,
  action: (
    place: Pick<Place, "keyPrefix"> & Partial<Place>,
    options: Partial<SaverOptions>,
    direct: Partial<SaverOptions>,
  ) => Promise<void>,
): Promise<Partial<Record<FaultName, number>>> {
  const proxy = await startFaultProxy(service === "s3" ? inject("s3").endpoint : endpoint(), choose);
  try {
    const place = service === "s3" ? newPlace({ thresholdBytes: 2_500 }) : { keyPrefix: newPrefix() };
    const options = { credentials: renewing(credentials()).credentials };
    const rerouted =
      "s3" in place ? { ...options, s3: { ...place.s3, endpoint: proxy.url } } : { ...options, endpoint: proxy.url };
    await action(place, rerouted, { ...place, ...options });
    return proxy.injected;
  } finally {
    await proxy.stop();
  }
}

describe.each(["dynamodb", "s3"] as const)("%s:", (service) => {
  test.concurrent.each(faultsOf(service, PASSING_FAULTS))(
    "%s, at the first attempt of every request, loses nothing",
    async (_, name) => {
      const injected = await through(service, onFirstAttempt(name), (place, options) =>
        everyCall(place, { ...options, ...patience(name) }),
      );
      expect(injected[name]).toBeGreaterThan(0);
    },
  );

  test.concurrent.each(
    faultsOf(service, ALL_FAULTS).filter(([, name]) => faultOf(name).endsAs && !faultOf(name).operation),
  )("%s, at every attempt, ends in a typed error", async (_, name) => {
    const { endsAs, final } = faultOf(name);
    const injected = await through(service, always(name), async (place, options, direct) => {
      const { config } = await putStep(createSaver(direct), emptyThread(), { document: noise(6_000) });
      const saver = createSaver({ ...place, ...options, ...patience(name) });
      const error = await errorOf(
        service === "s3" ? saver.deleteThread(config.configurable!.thread_id as string) : saver.getTuple(config),
      );
      expect(error).toMatchObject({ name: "AwsRequestError", code: endsAs, service });
    });
    if (final) expect(injected).toEqual({ [name]: 1 });
    else expect(injected[name]).toBeGreaterThan(1);
  });

  test("without a fault, the proxy changes nothing", async () => {
    await through(service, () => undefined, everyCall);
  });
});
