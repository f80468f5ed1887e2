import { describe, expect, it } from "vitest";
import { intercepted, operationsOf, type AwsRequest, type Intercept } from "../../lanes/stored/aws-requests.js";
import { emptyThread, latestOf, noiseText, putStep, valuesAt, type Step } from "../../lanes/savers/checkpoints.js";
import { putDeltaThread } from "../../lanes/savers/delta-thread.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { newPrefix } from "../../lanes/stored/requests.js";

/* With `consistentRead: false`, another replica can answer each request, and not all of them are equally far. */

const isConsistent = ({ body }: AwsRequest): boolean => body.includes('"ConsistentRead":true');
const segmentsLag: Intercept = (request) =>
  request.operation === "BatchGetItem" && !isConsistent(request)
    ? Response.json({ Responses: {}, UnprocessedKeys: {} })
    : undefined;
const parentsLag: Intercept = (request) =>
  request.operation === "GetItem" && !isConsistent(request) ? Response.json({}) : undefined;

/** What a Query finds, without the writes of tasks. */
const writesLag: Intercept = async (request) => {
  if (request.operation !== "Query" || isConsistent(request)) return request.forward();
  const answer = (await (await request.forward()).json()) as { Items: { SK: { S: string } }[] };
  return Response.json({ ...answer, Items: answer.Items.filter(({ SK }) => !SK.S.includes("#W#")) });
};

describe("a replica that lags", () => {
  const document = noiseText(9_000);

  it("for segments: they are read again consistently", async () => {
    const keyPrefix = newPrefix();
    const step = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { document });
    const { fetch, sent } = intercepted(segmentsLag);
    expect(await valuesAt(createSaver({ keyPrefix, fetch, consistentRead: false }), latestOf(step))).toEqual({
      document,
    });
    expect(operationsOf(sent)).toEqual(["Query", "BatchGetItem", "BatchGetItem"]);
  });

  it("for nothing costs no request more, and none that is consistent", async () => {
    const keyPrefix = newPrefix();
    const step = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { document });
    const { fetch, sent } = intercepted();
    const saver = createSaver({ keyPrefix, fetch, consistentRead: false });
    expect(await valuesAt(saver, latestOf(step))).toEqual({ document });
    await putStep(createSaver({ keyPrefix, fetch, consistentRead: false }), step, { n: 1 });
    expect(operationsOf(sent)).toEqual(["Query", "BatchGetItem", "Query", "PutItem"]);
    expect(sent.filter(isConsistent)).toEqual([]);
  });

  it("for a segment that is gone: the error comes after a consistent read", async () => {
    const keyPrefix = newPrefix();
    const step = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { document });
    const { fetch, sent } = intercepted(({ operation }) =>
      operation === "BatchGetItem" ? Response.json({ Responses: {}, UnprocessedKeys: {} }) : undefined,
    );
    await expect(createSaver({ keyPrefix, fetch, consistentRead: false }).getTuple(step.config)).rejects.toMatchObject({
      code: "MISSING_DATA",
      channel: "document",
    });
    expect(sent.filter(({ operation }) => operation === "BatchGetItem").map(isConsistent)).toEqual([false, true]);
  });

  it("for the parent of a put: its channels are inherited all the same", async () => {
    const keyPrefix = newPrefix();
    const first = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { document });
    const { fetch } = intercepted(parentsLag);
    // LangGraph's checkpoint of a child names the version of a channel that it does not bring along.
    const withoutValue: Step = { ...first, checkpoint: { ...first.checkpoint, channel_values: {} } };
    const next = await putStep(createSaver({ keyPrefix, fetch, consistentRead: false }), withoutValue, { n: 1 });
    expect(await valuesAt(createSaver({ keyPrefix }), next.config)).toEqual({ document, n: 1 });
  });

  it("for writes: what a DeltaChannel is rebuilt from is read consistently", async () => {
    const keyPrefix = newPrefix();
    const [, second] = (await putDeltaThread(createSaver({ keyPrefix }), "t")) as [Step, Step];
    const history = async (saver: ReturnType<typeof createSaver>): Promise<unknown> =>
      saver.getDeltaChannelHistory({ config: second.config, channels: ["log"] });
    const { fetch, sent } = intercepted(writesLag);
    expect(await history(createSaver({ keyPrefix, fetch, consistentRead: false }))).toEqual(
      await history(createSaver({ keyPrefix })),
    );
    expect(sent.filter(({ operation }) => operation === "Query")).toHaveLength(1);
  });
});

describe("a history of a DeltaChannel", () => {
  it(
    "that is asked for a checkpoint that is not there is an error, and of a thread without checkpoints it " +
      "is empty",
    async () => {
      const saver = createSaver();
      const [, second] = (await putDeltaThread(saver, "t")) as [Step, Step];
      const of = (thread_id: string, checkpoint_id?: string): Promise<unknown> =>
        saver.getDeltaChannelHistory({
          config: { configurable: { thread_id, checkpoint_ns: "", checkpoint_id } },
          channels: ["log"],
        });
      await expect(of("t", "0")).rejects.toMatchObject({ code: "MISSING_DATA", threadId: "t", checkpointId: "0" });
      expect(await of("none")).toEqual({ log: { writes: [] } });
      await expect(of("none", "0")).rejects.toMatchObject({ code: "MISSING_DATA", threadId: "none" });
      expect(await of("t")).toEqual(await of("t", second.checkpoint.id));
    },
  );
});
