import type { Fetch } from "langgraph-checkpoint-dynamodb";
import { intercepted, xml, type AwsRequest } from "../stored/aws-requests.js";
import type { HostileItem } from "../hostile/hostile-items.js";
import type { RawItem } from "../stored/raw-table.js";

/** What DynamoDB answered, as far as it holds items. */
interface Answer {
  Items?: HostileItem[];
  LastEvaluatedKey?: RawItem;
  Item?: HostileItem;
  Responses?: Record<string, HostileItem[]>;
}

interface QueryBody {
  ScanIndexForward?: boolean;
  ExclusiveStartKey?: RawItem;
  ExpressionAttributeValues: Record<string, { S: string }>;
}

/**
 * The real answers about a thread, given again and again with hostile items in the place of real ones or beside them.
 * DynamoDB is asked once for each; what would change the table never arrives there. So thousands of cases take seconds.
 */
export class Replay {
  readonly #answers = new Map<string, Answer>();
  readonly #objects = new Map<string, Uint8Array>();

  /**
   * @param items what the table holds of the thread: what an update answers with
   * @param folder in which the thread's objects lie: what is asked of S3 elsewhere fails
   */
  constructor(
    private readonly items: readonly RawItem[],
    private readonly folder = "",
  ) {}

  /** @param changeObject what S3's answers become */
  fetch(hostile: readonly HostileItem[], changeObject: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes): Fetch {
    const table = new Map(hostile.map((item) => [keyOf(item), item]));
    const deleted = new Set<string>();
    const changed = (item: HostileItem): HostileItem[] =>
      deleted.has(keyOf(item)) ? [] : [table.get(keyOf(item)) ?? item];

    const answer = async (request: AwsRequest): Promise<unknown> => {
      const { operation, body } = request;
      if (operation === "Query") {
        const real = await this.#answer(request);
        return { ...real, Items: this.#range(real, JSON.parse(body) as QueryBody, table).flatMap(changed) };
      }
      if (operation === "GetItem") {
        const { Key } = JSON.parse(body) as { Key: HostileItem };
        const { Item = table.get(keyOf(Key)) } = await this.#answer(request);
        return { Item: Item && changed(Item)[0] };
      }
      if (operation === "BatchGetItem") {
        const { Responses = {} } = await this.#answer(request);
        return {
          Responses: Object.fromEntries(
            Object.entries(Responses).map(([name, items]) => [name, items.flatMap(changed)]),
          ),
          UnprocessedKeys: {},
        };
      }
      if (operation === "DeleteItem") deleted.add(keyOf((JSON.parse(body) as { Key: HostileItem }).Key));
      if (operation === "UpdateItem") {
        const { Key } = JSON.parse(body) as { Key: HostileItem };
        const item = table.get(keyOf(Key)) ?? this.items.find((one) => keyOf(one) === keyOf(Key)) ?? Key;
        return { Attributes: item };
      }
      if (operation === "BatchWriteItem") {
        const { RequestItems } = JSON.parse(body) as {
          RequestItems: Record<string, { DeleteRequest?: { Key: HostileItem } }[]>;
        };
        for (const { DeleteRequest } of Object.values(RequestItems).flat())
          if (DeleteRequest) deleted.add(keyOf(DeleteRequest.Key));
      }
      return {};
    };

    const { fetch } = intercepted(async (request) => {
      if (request.headers.has("x-amz-target")) return Response.json(await answer(request));
      if (request.operation === "GetObject") return this.#object(request, changeObject);
      return request.operation === "DeleteObjects" ? xml("<DeleteResult/>") : new Response();
    });
    return fetch;
  }

  /** What a Query finds: the real page, and hostile items where they would stand. */
  #range(
    { Items = [], LastEvaluatedKey }: Answer,
    query: QueryBody,
    table: ReadonlyMap<string, HostileItem>,
  ): HostileItem[] {
    const { ":pk": pk, ":prefix": prefix, ":from": from, ":to": to } = query.ExpressionAttributeValues;
    const descending = query.ScanIndexForward === false;
    const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0) * (descending ? -1 : 1);
    const real = new Set(Items.map(keyOf));
    const beside = [...table.values()].filter((item) => {
      const sk = sortKeyOf(item);
      const isInRange =
        item.PK!.S === pk!.S && sk.startsWith(prefix?.S ?? "") && (!from || sk >= from.S) && (!to || sk <= to.S);
      const isOnPage =
        (!query.ExclusiveStartKey || compare(sk, query.ExclusiveStartKey.SK!.S!) > 0) &&
        (!LastEvaluatedKey || compare(sk, LastEvaluatedKey.SK!.S!) <= 0);
      return isInRange && isOnPage && !real.has(keyOf(item));
    });
    return [...Items, ...beside].sort((a, b) => compare(sortKeyOf(a), sortKeyOf(b)));
  }

  async #answer({ operation, body, forward }: AwsRequest): Promise<Answer> {
    const known = this.#answers.get(operation + body);
    if (known) return known;
    const response = await forward();
    if (!response.ok) throw new Error(`${operation}: ${await response.text()}`);
    const answer = JSON.parse(new TextDecoder().decode(await response.arrayBuffer())) as Answer;
    this.#answers.set(operation + body, answer);
    return answer;
  }

  async #object({ url, forward }: AwsRequest, change: (bytes: Uint8Array) => Uint8Array): Promise<Response> {
    if (!url.pathname.includes(this.folder && `/${this.folder}/`))
      throw new Error(`${url.pathname} is not in the thread's folder.`);
    let bytes = this.#objects.get(url.href);
    if (!bytes) {
      const response = await forward();
      if (!response.ok) return response;
      bytes = new Uint8Array(await response.arrayBuffer());
      this.#objects.set(url.href, bytes);
    }
    const changed = change(bytes);
    return new Response(changed as Uint8Array<ArrayBuffer>, { headers: { "content-length": String(changed.length) } });
  }
}

const sortKeyOf = (item: HostileItem): string => item.SK!.S as string;

const keyOf = (item: HostileItem): string => `${item.PK!.S as string}\n${sortKeyOf(item)}`;
