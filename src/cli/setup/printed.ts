import { cdkStack } from "./cdk.js";
import { cloudFormation } from "./cloudformation.js";
import { policyDocument, type Role } from "./policies.js";
import { terraform } from "./terraform.js";
import type { Wanted } from "./wanted.js";

const FORMATS = ["cloudformation", "terraform", "cdk", "iam"] as const;
export type Format = (typeof FORMATS)[number];

/** Infrastructure as text: of each format all that is wanted, of IAM the policy of one role. */
export function printed(format: Format, wanted: Wanted, role: Role): string {
  switch (format) {
    case "cloudformation":
      return cloudFormation(wanted);
    case "terraform":
      return terraform(wanted);
    case "cdk":
      return cdkStack(wanted);
    case "iam":
      return `${JSON.stringify(policyDocument(wanted, role), null, 2)}\n`;
  }
}
