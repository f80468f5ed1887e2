import type { AwsCredentials } from "../client/credentials.js";
import { documentOf, elements, elementText } from "../s3/xml.js";
import { temporary, textOfAnswer } from "./answer.js";
import type { Question } from "./ask.js";

/** What every way to assume a role may ask for, in AWS's own names. */
export type StsParams = Record<
  string,
  string | number | readonly (string | Readonly<Record<string, string>>)[] | undefined
>;

/** A request in the protocol of STS: a form there, XML back. */
export function stsQuestion(
  provider: string,
  url: string,
  action: string,
  params: StsParams,
): Question<AwsCredentials> & { body: string } {
  return {
    url,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    body: formOf(action, params),
    secrets: typeof params.WebIdentityToken === "string" ? [params.WebIdentityToken] : [],
    read({ body }) {
      const [credentials = ""] = elements(documentOf(body, `${action}Response`), "Credentials");
      return temporary(provider, {
        accessKeyId: elementText(credentials, "AccessKeyId"),
        secretAccessKey: elementText(credentials, "SecretAccessKey"),
        sessionToken: elementText(credentials, "SessionToken"),
        expiration: elementText(credentials, "Expiration"),
      });
    },
    serviceCode: (answer) => elementText(textOfAnswer(answer), "Code"),
    advice: (status, serviceCode) => adviceOn(action, status, serviceCode),
  };
}

/** AWS's Query protocol: lists as `Name.member.1`, their objects as `Name.member.1.Key`. */
function formOf(action: string, params: StsParams): string {
  const form = new URLSearchParams({ Action: action, Version: "2011-06-15" });
  for (const [name, value] of Object.entries(params)) {
    if (typeof value !== "object") {
      if (value !== undefined) form.set(name, String(value));
      continue;
    }
    value.forEach((member, i) => {
      const at = `${name}.member.${i + 1}`;
      if (typeof member === "string") form.set(at, member);
      else for (const [field, text] of Object.entries(member)) form.set(`${at}.${field}`, text);
    });
  }
  return form.toString();
}

/** A name for the session in CloudTrail, where the caller gives none. */
export const sessionName = (): string => `langgraph-checkpoint-dynamodb-${Date.now()}`;

function adviceOn(action: string, status: number, serviceCode: string | undefined): string | undefined {
  switch (serviceCode) {
    case "AccessDenied":
      return action === "AssumeRole"
        ? "Allow sts:AssumeRole on the role to the master credentials, and them in the role's trust policy (with " +
            "its ExternalId, if it asks for one)."
        : "Allow this identity provider and the token's subject and audience in the role's trust policy.";
    case "ExpiredTokenException":
      return "The token has expired. Give a function that reads it anew.";
    case "ExpiredToken":
      return "The master credentials have expired. Give a function that renews them.";
    case "InvalidClientTokenId":
    case "SignatureDoesNotMatch":
      return "The master credentials are unknown or wrong. Check them, clientConfig.region and this machine's clock.";
    case "InvalidIdentityToken":
    case "IDPRejectedClaim":
      return (
        "STS does not accept the token. Check that its issuer is an identity provider of the role's account, and " +
        "its audience one of that provider's."
      );
    case "RegionDisabledException":
      return (
        "STS is not activated in this region for the account. Activate it in IAM, or take another " +
        "clientConfig.region."
      );
    case "ValidationError":
    case "MalformedPolicyDocument":
    case "PackedPolicyTooLarge":
      return "Check the role's ARN, the session's name and duration, and the policies.";
    default:
      return status === 0 ? "Check clientConfig and the network." : undefined;
  }
}
