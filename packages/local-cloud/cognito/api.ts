// Amazon Cognito Identity on the AWS port, mostly without a signature as browsers send it.

import { createJsonHandler } from '../aws/json-protocol.ts';
import type { AwsHandler } from '../aws/wire.ts';
import { operations, type CognitoCloud } from './operations.ts';

const SERVICE = {
  name: 'Cognito',
  targetPrefix: 'AWSCognitoIdentityService.',
  operations,
  /** A login token may have 50,000 characters, and there may be ten. */
  longestBody: 600_000,
  invalid: 'InvalidParameterException',
};

export const createCognitoHandler = (cloud: CognitoCloud): AwsHandler => createJsonHandler(SERVICE, cloud);
