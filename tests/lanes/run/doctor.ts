import { examine, type Expectations } from "../../../src/cli/doctor/examine.js";
import type { Finding } from "../../../src/cli/doctor/finding.js";
import { intercepted, type AwsRequest, type Intercept } from "../stored/aws-requests.js";
import { credentials, endpoint, tableName, type SaverOptions } from "../savers/harness.js";

export interface Examined {
  findings: Finding[];
  /** What was sent, in order. */
  sent: AwsRequest[];
  /** The finding of one check; throws where there is none. */
  of: (check: string) => Finding;
}

/** What the doctor says of a table of the test run. Faults come in on the way. */
export async function examined(
  overrides: Partial<SaverOptions> = {},
  expectations: Expectations = {},
  intercept?: Intercept,
): Promise<Examined> {
  const { fetch, sent } = intercepted(intercept, overrides.fetch);
  const options = {
    tableName: tableName(),
    region: "us-east-1",
    credentials: credentials(),
    endpoint: endpoint(),
    keyPrefix: `${crypto.randomUUID()}#`,
    ...overrides,
    fetch,
  };
  const findings: Finding[] = [];
  for await (const finding of examine(options, expectations)) findings.push(finding);
  const of = (check: string): Finding => {
    const found = findings.find((finding) => finding.check === check);
    if (!found) throw new Error(`The doctor said nothing of ${check}, only: ${JSON.stringify(findings)}`);
    return found;
  };
  return { findings, sent, of };
}

/** The checks with this status. */
export const checksWith = ({ findings }: Examined, status: Finding["status"]): string[] =>
  findings.filter((finding) => finding.status === status).map(({ check }) => check);
