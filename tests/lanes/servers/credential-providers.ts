import {
  fromCognitoIdentityPool,
  fromContainerMetadata,
  fromInstanceMetadata,
  fromTemporaryCredentials,
  fromWebToken,
  type AwsCredentialsProvider,
  type ProviderOptions,
} from "langgraph-checkpoint-dynamodb/credentials";
import {
  AGENT_TOKEN,
  cognito,
  containerAgent,
  instanceMetadata,
  MASTER,
  POOL,
  ROLE,
  sts,
  WEB_TOKEN,
  type Service,
} from "./credential-services.js";

/** A provider of each kind, and the service that it asks. */
export interface Kind {
  name: string;
  service: () => Service;
  provider: (options: ProviderOptions) => AwsCredentialsProvider;
  /** How many requests it sends for its first credentials, and for others later. */
  requests: [first: number, later: number];
}

const clientConfig = { region: "us-east-1" };
const env = {};

export const kinds: Kind[] = [
  {
    name: "fromCognitoIdentityPool",
    service: cognito,
    provider: (options) => fromCognitoIdentityPool({ identityPoolId: POOL, ...options }),
    requests: [2, 1],
  },
  {
    name: "fromTemporaryCredentials",
    service: sts,
    provider: (options) =>
      fromTemporaryCredentials({ params: { RoleArn: ROLE }, masterCredentials: MASTER, clientConfig, ...options }),
    requests: [1, 1],
  },
  {
    name: "fromWebToken",
    service: sts,
    provider: (options) => fromWebToken({ roleArn: ROLE, webIdentityToken: WEB_TOKEN, clientConfig, ...options }),
    requests: [1, 1],
  },
  {
    name: "fromContainerMetadata",
    service: () => containerAgent(AGENT_TOKEN),
    provider: (options) =>
      fromContainerMetadata({
        awsContainerCredentialsRelativeUri: "/v2/credentials/1",
        awsContainerAuthorizationToken: AGENT_TOKEN,
        env,
        ...options,
      }),
    requests: [1, 1],
  },
  {
    name: "fromInstanceMetadata",
    service: instanceMetadata,
    provider: (options) => fromInstanceMetadata({ env, ...options }),
    requests: [3, 3],
  },
];
