// The page's configuration, config.json: what it must know about its stack. It is created for AWS and for the local cloud.

import type { Storage } from './ladder.ts';

export interface PageConfig {
  readonly region: string;
  readonly identityPoolId: string;
  /** URLs. One that begins with a slash is on the page's origin. */
  readonly api: string;
  readonly mqtt: string;
  readonly cognitoIdentity: string;
  readonly storage: Storage;
  readonly broker: BrokerConfig;
  /** If absent, nobody can log in, and all viewers are guests. */
  readonly login?: LoginConfig;
  /** On one machine: notifications can be read at the web port. */
  readonly isLocal?: true;
}

/** The broker that devices connect to. */
export interface BrokerConfig {
  readonly host: string;
  readonly port: number;
  /** The CA certificates that devices must trust, PEM. */
  readonly ca: string;
  /** Only programs on this machine can reach it. */
  readonly isHidden?: true;
}

export interface LoginConfig {
  /** The URL of the managed login, without a trailing slash. */
  readonly url: string;
  readonly clientId: string;
  /** The user pool's name in identity pools: `cognito-idp.<region>.amazonaws.com/<user pool ID>`. */
  readonly provider: string;
  /** On one machine: a page at one of these URLs requests a login without a password. */
  readonly callbacks?: readonly string[];
}

type Outputs = Readonly<Record<string, string>>;

function output(outputs: Outputs, name: string): string {
  const value = outputs[name];
  if (value === undefined)
    throw new Error(`the stack has no output ${name}: deploy this version of the template`);
  return value;
}

const storageOf = (outputs: Outputs): Storage => ({
  windowSeconds: Number(output(outputs, 'WindowSeconds')),
  windowDays: Number(output(outputs, 'WindowRetentionDays')),
});

function loginOf(region: string, outputs: Outputs): { readonly login?: LoginConfig } {
  const { DashboardUsers: pool, DashboardClient: clientId, LoginUrl: url } = outputs;
  if (pool === undefined || clientId === undefined || url === undefined) return {};
  return { login: { url, clientId, provider: `cognito-idp.${region}.amazonaws.com/${pool}` } };
}

/** The configuration for one machine. The web port serves the page, the API and MQTT; `aws` is the URL of the AWS port. */
export function localConfig({
  region,
  outputs,
  aws,
  mqtt,
  mqttHosts,
  caPem,
  callbacks,
}: {
  readonly region: string;
  readonly outputs: Outputs;
  readonly aws: string;
  readonly mqtt: string;
  /** Host names at which other machines reach the MQTT port. */
  readonly mqttHosts: readonly string[];
  readonly caPem: string;
  readonly callbacks: readonly string[];
}): PageConfig {
  const { login } = loginOf(region, outputs);
  const { hostname, port } = new URL(mqtt);
  return {
    region,
    identityPoolId: output(outputs, 'DashboardIdentityPool'),
    ...{ api: '/api', mqtt: '/mqtt', cognitoIdentity: aws },
    storage: storageOf(outputs),
    broker: {
      ...{ host: mqttHosts[0] ?? hostname.replace(/^\[|\]$/g, ''), port: Number(port), ca: caPem },
      ...(mqttHosts.length === 0 && { isHidden: true }),
    },
    ...(login && { login: { ...login, callbacks } }),
    isLocal: true,
  };
}

/** @param iotEndpoint the host name of AWS IoT's `iot:Data-ATS` endpoint */
export function awsConfig({
  region,
  outputs,
  iotEndpoint,
  caPem,
}: {
  readonly region: string;
  readonly outputs: Outputs;
  readonly iotEndpoint: string;
  readonly caPem: string;
}): PageConfig {
  return {
    region,
    identityPoolId: output(outputs, 'DashboardIdentityPool'),
    api: output(outputs, 'ApiUrl'),
    mqtt: `wss://${iotEndpoint}/mqtt`,
    cognitoIdentity: `https://cognito-identity.${region}.amazonaws.com`,
    storage: storageOf(outputs),
    broker: { host: iotEndpoint, port: 8883, ca: caPem },
    ...loginOf(region, outputs),
  };
}
