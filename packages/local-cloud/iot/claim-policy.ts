// The permissions of a temporary claim: AWS shows no policy of it; it may only get a certificate of its own.

import { compilePolicy, type Statement } from '../policies/document.ts';
import type { RegistryView } from './registry.ts';

/** Allows connecting, and the topics that provision with one template. */
export function claimStatements(registry: RegistryView, templateName: string): Statement[] {
  const requests = [
    '$aws/certificates/create/json',
    '$aws/certificates/create-from-csr/json',
    `$aws/provisioning-templates/${templateName}/provision/json`,
  ];
  const on = (kind: string, suffix = '') =>
    requests.map((topic) => registry.arn(`${kind}/${topic}${suffix}`));
  const Statement = [
    { Action: 'iot:Connect', Resource: registry.arn('client/*') },
    { Action: 'iot:Publish', Resource: on('topic') },
    { Action: 'iot:Receive', Resource: on('topic', '/*') },
    { Action: 'iot:Subscribe', Resource: on('topicfilter', '/*') },
  ].map((statement) => ({ Effect: 'Allow', ...statement }));
  return compilePolicy('TemporaryClaim', JSON.stringify({ Version: '2012-10-17', Statement }));
}
