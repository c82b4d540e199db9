// Which AWS IoT policies let an identity receive live data: the stack's policy for all sites, or one policy per visible site.

export interface LivePolicy {
  readonly name: string;
  /** JSON of a policy that is created on first use; absent for the stack's own policy, which exists already. */
  readonly document?: string;
}

/** AWS IoT attaches at most ten policies to a target; one is left for the account's owner. */
export const MAX_LIVE_SITES = 9;

/** Characters that a policy's name allows and that are not wildcards in its resources. */
const SITE = /^[\w+=,.@-]{1,64}$/;

/** Names of site policies start with this; an identity's other policies with this prefix are detached. */
export const sitePolicyPrefix = (policyName: string) => `${policyName}-site-`;

/**
 * The policy of one site. It excludes shadows and commands, because their topics name the thing and not its site.
 *
 * @param iotArn `arn:aws:iot:us-east-1:111122223333`
 */
export function siteDocument(site: string, iotArn: string) {
  const ownClient = 'dashboard-${cognito-identity.amazonaws.com:sub}*';
  const allow = (action: string, resource: string) => ({
    Effect: 'Allow',
    Action: action,
    Resource: `${iotArn}:${resource}`,
  });
  return {
    Version: '2012-10-17',
    Statement: [
      allow('iot:Connect', `client/${ownClient}`),
      allow('iot:Subscribe', `topicfilter/telemetry/${site}/*`),
      allow('iot:Receive', `topic/telemetry/${site}/*`),
    ],
  };
}

/** @returns a sentence if live data cannot be restricted to these sites; then no policy is attached. */
export function livePolicies(
  policyName: string,
  sites: readonly string[] | undefined,
  iotArn: string,
): readonly LivePolicy[] | { readonly problem: string } {
  if (sites === undefined) return [{ name: policyName }];
  const odd = sites.find((site) => !SITE.test(site));
  if (odd !== undefined)
    return {
      problem: `Live data is not available for site ${odd}: an AWS IoT policy name allows only letters, digits and _+=,.@-, up to 64`,
    };
  if (sites.length > MAX_LIVE_SITES)
    return {
      problem: `Live data is limited to ${MAX_LIVE_SITES} sites, and you see ${sites.length}`,
    };
  return sites.map((site) => ({
    name: sitePolicyPrefix(policyName) + site,
    document: JSON.stringify(siteDocument(site, iotArn)),
  }));
}
