// Names an operation of S3 `METHOD scope subresource`, by the method, the path, the query and one header.

import type { IncomingMessage } from 'node:http';
import { parseTarget } from './request.ts';

/** Query parameters that select an operation. */
const SUBRESOURCES = new Set([
  ...['accelerate', 'acl', 'analytics', 'attributes', 'cors', 'delete', 'encryption', 'intelligent-tiering'],
  ...['inventory', 'legal-hold', 'lifecycle', 'list-type', 'location', 'logging', 'metadataTable', 'metrics'],
  ...[
    'notification',
    'object-lock',
    'ownershipControls',
    'partNumber',
    'policy',
    'policyStatus',
    'publicAccessBlock',
  ],
  ...[
    'renameObject',
    'replication',
    'requestPayment',
    'restore',
    'retention',
    'select',
    'session',
    'tagging',
  ],
  ...['torrent', 'uploadId', 'uploads', 'versioning', 'versions', 'website'],
]);

/** Such as `GET bucket list-type` or `PUT object uploadId copy`. @throws AwsError InvalidURI */
export function operationNameOf(req: IncomingMessage): string {
  const { bucket, key, query } = parseTarget(req.url ?? '/');
  const scope = key ? 'object' : bucket ? 'bucket' : 'service';
  const named = [...query.keys()].filter((name) => SUBRESOURCES.has(name));
  const chosen = named.includes('uploadId') ? named.filter((name) => name !== 'partNumber') : named;
  const copy = req.method === 'PUT' && key && req.headers['x-amz-copy-source'] !== undefined ? 'copy' : '';
  return [req.method, scope, ...chosen, copy].filter(Boolean).join(' ');
}
