// The regions of AWS, by which a client may filter its buckets.
// https://docs.aws.amazon.com/general/latest/gr/s3.html

import type { ServerResponse } from 'node:http';
import { invalidArgument } from './error-details.ts';

/** The only region here. */
export const REGION = 'us-east-1';

export const setRegion = (res: ServerResponse): void => void res.setHeader('x-amz-bucket-region', REGION);

const REGIONS: ReadonlySet<string> = new Set([
  ...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'us-gov-east-1', 'us-gov-west-1', 'af-south-1'],
  ...['ap-east-1', 'ap-east-2', 'ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-south-1'],
  ...['ap-south-2', 'ap-southeast-1', 'ap-southeast-2', 'ap-southeast-3', 'ap-southeast-4'],
  ...['ap-southeast-5', 'ap-southeast-6', 'ap-southeast-7', 'ca-central-1', 'ca-west-1', 'cn-north-1'],
  ...['cn-northwest-1', 'eu-central-1', 'eu-central-2', 'eu-north-1', 'eu-south-1', 'eu-south-2'],
  ...['eu-west-1', 'eu-west-2', 'eu-west-3', 'il-central-1', 'me-central-1', 'me-south-1', 'mx-central-1'],
  'sa-east-1',
]);

/** @throws AwsError InvalidArgument */
export function requireRegion(region: string): void {
  if (REGIONS.has(region)) return;
  throw invalidArgument(`Argument value ${region} is not a valid AWS Region`, 'bucket-region', region);
}
