// The members of requests about job executions, checked: of devices over MQTT and HTTP, and of the control plane.

import { invalid, object, type ApiRequest } from '../iot/api-request.ts';

type Body = ApiRequest['body'];

/** https://docs.aws.amazon.com/general/latest/gr/iot-device-management.html */
const MAXIMUM_DOCUMENT = 32_768;
const MAXIMUM_DETAIL = 1024;

export function isJsonDocument(text: string): boolean {
  if (Buffer.byteLength(text) > MAXIMUM_DOCUMENT) return false;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

/** @throws AwsError InvalidRequestException naming the detail that AWS would refuse. */
export function statusDetailsOf(body: Body): Readonly<Record<string, string>> | undefined {
  const details = object(body, 'statusDetails');
  for (const [name, value] of Object.entries(details ?? {})) {
    if (!/^[a-zA-Z0-9:_-]{1,128}$/.test(name))
      throw invalid(`statusDetails: the name ${JSON.stringify(name)} is not 1 to 128 of a-z A-Z 0-9 : _ -`);
    if (typeof value !== 'string' || value.length === 0 || value.length > MAXIMUM_DETAIL)
      throw invalid(`statusDetails: ${name} must be text of 1 to ${MAXIMUM_DETAIL} characters`);
  }
  return details as Readonly<Record<string, string>> | undefined;
}

export function versionOf(body: Body): number | undefined {
  const version = body['expectedVersion'];
  if (version === undefined || version === null) return undefined;
  if (typeof version !== 'number' || !Number.isSafeInteger(version))
    throw invalid('expectedVersion must be a whole number');
  return version;
}
