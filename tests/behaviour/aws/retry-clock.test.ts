import { afterEach, describe, expect, test, vi } from "vitest";
import { operationsOf, type Intercept } from "../../lanes/stored/aws-requests.js";
import { emptyThread, noise, putStep, valuesAt, type Step } from "../../lanes/savers/checkpoints.js";
import { until } from "../../lanes/faults/clock.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { credentials } from "../../lanes/savers/harness.js";
import { onCeph } from "../../lanes/servers/real-servers.js";
import { fetchWithRefusals } from "../../lanes/savers/s3-options.js";
import { keysAt, newPlace, saverAt, type WatchedSaver } from "../../lanes/savers/s3-saver.js";

/*
 * This machine's clock is wrong, by S3's own judgement: Ceph refuses a signature that is more than 15 minutes off, and
 * says what time it is. DynamoDB Local looks at no signature.
 */

afterEach(() => {
  vi.restoreAllMocks();
});

const MINUTE = 60_000;

function clockIsOff(ms: number): void {
  const { now } = Date;
  vi.spyOn(Date, "now").mockImplementation(() => now.call(Date) + ms);
}

/** The first two requests of an operation are signed before either is answered. */
function sideBySide(operation: string): Intercept {
  let signed = 0;
  return (request) =>
    request.operation === operation && ++signed <= 2 ? until(() => signed >= 2).then(request.forward) : undefined;
}

const putTwo = ({ saver }: WatchedSaver): Promise<Step> =>
  putStep(saver, emptyThread("t"), { one: noise(6_000), two: noise(6_000, 2) });

const retriesOf = ({ events }: WatchedSaver): string[] =>
  events.flatMap((event) => (event.type === "retry" ? [event.reason] : []));
const count = ({ sent }: WatchedSaver, operation: string): number =>
  operationsOf(sent).filter((sentOperation) => sentOperation === operation).length;

describe.each([20 * MINUTE, -20 * MINUTE, 400 * 24 * 60 * MINUTE])("with a clock that is %i ms off", (offMs) => {
  onCeph(
    "state goes to S3 and comes back, at the price of one attempt for each request that was under way",
    async () => {
      const place = newPlace();
      clockIsOff(offMs);
      const writer = saverAt(place, sideBySide("PutObject"), { fetch: fetchWithRefusals });
      const step = await putTwo(writer);
      expect({ puts: count(writer, "PutObject"), retries: retriesOf(writer) }).toEqual({
        puts: 4,
        retries: ["RequestTimeTooSkewed", "RequestTimeTooSkewed"],
      });

      const reader = saverAt(place, sideBySide("GetObject"), { fetch: fetchWithRefusals });
      expect(await valuesAt(reader.saver, step.config)).toEqual(step.checkpoint.channel_values);
      expect(count(reader, "GetObject")).toBe(4);

      await putStep(writer.saver, step, { three: noise(6_000, 3) });
      await writer.saver.deleteThread("t");
      expect({ puts: count(writer, "PutObject"), retries: retriesOf(writer).length }).toEqual({ puts: 5, retries: 2 });
      expect(await keysAt(place)).toEqual([]);
    },
  );
});

onCeph("a clock that was wrong and is set right costs one attempt more", async () => {
  const place = newPlace();
  clockIsOff(20 * MINUTE);
  const writer = saverAt(place, sideBySide("PutObject"), { fetch: fetchWithRefusals });
  const step = await putTwo(writer);
  vi.restoreAllMocks();
  const next = await putStep(writer.saver, step, { three: noise(6_000, 3) });

  expect(retriesOf(writer)).toEqual(Array(3).fill("RequestTimeTooSkewed"));
  expect(await valuesAt(saverAt(place).saver, next.config)).toEqual(next.checkpoint.channel_values);
});

test("a clock that is a little off is let be", async () => {
  clockIsOff(3 * MINUTE);
  const writer = saverAt(newPlace());
  await putTwo(writer);

  expect(retriesOf(writer)).toEqual([]);
});

test.each([0, 20 * MINUTE])("a wrong secret is final, whatever the clock says: %i ms off", async (offMs) => {
  clockIsOff(offMs);
  const writer = saverAt(newPlace(), undefined, {
    fetch: fetchWithRefusals,
    credentials: { ...credentials(), secretAccessKey: "wrong" },
  });

  expect(await errorOf(putStep(writer.saver, emptyThread("t"), { one: noise(6_000) }))).toMatchObject({
    code: "ACCESS_DENIED",
    service: "s3",
    operation: "PutObject",
    retryable: false,
  });
  expect(count(writer, "PutObject")).toBe(offMs === 0 ? 1 : 2);
});
