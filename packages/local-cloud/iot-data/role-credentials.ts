// Gives a device credentials for the role of an alias, where its policies allow that.
// https://docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html

import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../aws-error.ts';
import { sendJson } from '../aws/wire.ts';
import type { Clock } from '../clock.ts';
import type { RegistryView } from '../iot/registry.ts';
import type { Access, Identity } from '../mqtt/access.ts';

/** Not the beginning of a browser's key, so that the AWS port takes it as one of the account. */
const ACCESS_KEY_PREFIX = 'ASIADEVICE';

const aliasOf = ({ method, url = '' }: IncomingMessage) =>
  method === 'GET' ? /^\/role-aliases\/([\w=,@-]{1,128})\/credentials$/.exec(url)?.[1] : undefined;

function credentials(expiresAt: number) {
  return {
    accessKeyId: ACCESS_KEY_PREFIX + randomBytes(5).toString('hex').toUpperCase(),
    secretAccessKey: randomBytes(30).toString('base64'),
    sessionToken: randomBytes(96).toString('base64'),
    expiration: new Date(expiresAt).toISOString().replace(/\.\d+Z/, 'Z'),
  };
}

const denied = (problem = 'Access Denied') => new AwsError('AccessDeniedException', problem, 403);

/**
 * @returns a function that answers requests for credentials, and gives false for any other request; a client without a
 * certificate has no identity here
 */
export function createRoleCredentials(deps: {
  readonly access: Access;
  readonly aliases: RegistryView['roleAliases'];
  readonly clock: Clock;
}) {
  return (identity: Identity | undefined, req: IncomingMessage, res: ServerResponse): boolean => {
    const name = aliasOf(req);
    if (name === undefined) return false;
    if (!identity) throw denied('Access Denied: credentials of a role need a client certificate');
    const thing = req.headers['x-amzn-iot-thingname'];
    const isAllowed = deps.access.allows(identity, {
      clientId: typeof thing === 'string' ? thing : '',
      action: 'iot:AssumeRoleWithCertificate',
      resource: `rolealias/${name}`,
    });
    if (!isAllowed) throw denied();
    const alias = deps.aliases.get(name);
    if (!alias) throw new AwsError('ResourceNotFoundException', `Role alias ${name} does not exist`, 404);
    const expiresAt = deps.clock.now() + alias.durationSeconds * 1000;
    sendJson(res, { credentials: credentials(expiresAt) });
    return true;
  };
}
