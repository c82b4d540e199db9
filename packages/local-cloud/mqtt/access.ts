// Asks the policies, and logs every refusal with its reason, because AWS never gives one.

import type { Log } from '../log.ts';

export type PolicyAction =
  'iot:Connect' | 'iot:Publish' | 'iot:Subscribe' | 'iot:Receive' | 'iot:RetainPublish' | HttpsAction;

/** What only HTTPS asks for. */
type HttpsAction =
  | `iot:${'GetRetainedMessage' | 'ListRetainedMessages' | 'ListNamedShadowsForThing'}`
  | `iot:${'Get' | 'Update' | 'Delete'}ThingShadow`
  | 'iot:AssumeRoleWithCertificate';

/** Who a connection is: the certificate's ID and where it comes from. */
export interface Identity {
  readonly principal: string;
  /** ARN of the role of temporary credentials; a certificate has none. */
  readonly role?: string | undefined;
  readonly sourceIp: string;
  /** Set where a thing is attached exclusively to the principal. */
  readonly thingName?: string;
}

export interface AccessRequest {
  readonly principal: string;
  readonly role?: string | undefined;
  /** Empty where there is none, over HTTPS. */
  readonly clientId: string;
  readonly sourceIp: string;
  readonly action: PolicyAction;
  /** `client/x`, `topic/x`, `topicfilter/x`, `thing/x` or `rolealias/x`. */
  readonly resource: string;
  /** `iot:ConnectAttributes` of a CONNECT. */
  readonly connectAttributes?: readonly ('LastWill' | 'PersistentConnect')[];
  /** `iot:LastWillTopic` of a CONNECT with a will. */
  readonly lastWillTopic?: string | undefined;
}

/** Evaluates the policies of a principal; `reason` names the statement that decided, or its absence. */
export type Authorize = (request: AccessRequest) => { readonly allowed: boolean; readonly reason: string };

export interface Access {
  /** True when allowed; else the refusal is logged and counted. */
  allows(identity: Identity, request: Omit<AccessRequest, keyof Identity>): boolean;
}

export function createAccess(deps: {
  authorize: Authorize;
  log: Log;
  count: (name: string) => void;
}): Access {
  return {
    allows({ principal, role, sourceIp }, request) {
      const { allowed, reason } = deps.authorize({ principal, role, sourceIp, ...request });
      if (!allowed) {
        const { clientId: client, action, resource } = request;
        deps.log.warn('refused', { client, action, resource, reason, ip: sourceIp, principal });
        deps.count('mqtt.refused');
      }
      return allowed;
    },
  };
}
