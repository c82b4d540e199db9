// Which policies of AWS IoT let an identity hear live data: the stack's one for all sites, or one for each site that is seen.

export interface LivePolicy {
  readonly name: string;
  /** JSON of a policy that is made when it is first needed; the stack's own is there already. */
  readonly document?: string;
}

/** AWS IoT attaches ten policies to a target; one is left for the owner of the account. */
export const MAX_LIVE_SITES = 9;

/** What may stand in a policy's name, and is no wildcard in its resources. */
const SITE = /^[\w+=,.@-]{1,64}$/;

/** Policies of sites begin with it; whatever an identity has of them and should not have is taken from it. */
export const sitePolicyPrefix = (policyName: string) => `${policyName}-site-`;

/**
 * What the policy of one site allows: nothing of shadows and commands, whose topics name the thing and not its site.
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

/** @returns a sentence where live data cannot be restricted to these sites; then nothing is given. */
export function livePolicies(
  policyName: string,
  sites: readonly string[] | undefined,
  iotArn: string,
): readonly LivePolicy[] | { readonly problem: string } {
  if (sites === undefined) return [{ name: policyName }];
  const odd = sites.find((site) => !SITE.test(site));
  if (odd !== undefined)
    return {
      problem: `Site ${odd} has characters that no policy of AWS IoT can be named by: live data needs a site of letters, digits and +=,.@-`,
    };
  if (sites.length > MAX_LIVE_SITES)
    return {
      problem: `Live data can be given of ${MAX_LIVE_SITES} sites at most, and you see ${sites.length}`,
    };
  return sites.map((site) => ({
    name: sitePolicyPrefix(policyName) + site,
    document: JSON.stringify(siteDocument(site, iotArn)),
  }));
}
