// `npm run page -- upload`: builds the page and uploads it, with its config.json, to the bucket of a stack on AWS.

import { rootCertificates } from 'node:tls';
import { parseArgs } from 'node:util';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeEndpointCommand, IoTClient } from '@aws-sdk/client-iot';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { amazonRootsIn } from '../core/amazon-roots.ts';
import { buildPage, type PageFiles } from './build.ts';
import { awsConfig, type PageConfig } from './model/config.ts';

const USAGE = `usage: npm run page -- upload [--stack-name NAME] [--region REGION]

Builds the dashboard and uploads it to the bucket of a stack on AWS, with the
credentials of the AWS CLI.
--stack-name NAME   the stack (default: tidegate)
--region REGION     the stack's region (default: the AWS CLI's region)`;

interface Upload {
  readonly key: string;
  readonly body: Uint8Array;
  readonly type: string;
  readonly cache: string;
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  json: 'application/json',
  woff2: 'font/woff2',
};

const isHashed = (key: string) => key.startsWith('assets/');

/** Hashed files come first and index.html last, so that a page loaded during the upload is entirely old or entirely new. */
export function uploadsOf(files: PageFiles, config: PageConfig): Upload[] {
  const rank = (key: string) => (isHashed(key) ? 0 : key === 'index.html' ? 2 : 1);
  return [...files, ['config.json', Buffer.from(JSON.stringify(config))] as const]
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([key, body]) => ({
      ...{ key, body },
      type: TYPES[key.split('.').at(-1)!] ?? 'application/octet-stream',
      cache: isHashed(key) ? 'public, max-age=31536000, immutable' : 'no-cache',
    }));
}

async function outputsOf(client: CloudFormationClient, stackName: string): Promise<Record<string, string>> {
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
  return Object.fromEntries(
    (Stacks?.[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey!, OutputValue!]),
  );
}

/** @returns the page's URL. @throws Error if the stack has no page */
export async function upload(stackName: string, region: string | undefined): Promise<string> {
  const settings = region === undefined ? {} : { region };
  const cloudFormation = new CloudFormationClient(settings);
  const outputs = await outputsOf(cloudFormation, stackName);
  const { PageBucket: bucket, PageUrl: url } = outputs;
  if (bucket === undefined || url === undefined)
    throw new Error(`stack ${stackName} does not host the page: deploy it with HostPage=true`);
  const { endpointAddress } = await new IoTClient(settings).send(
    new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }),
  );
  const config = awsConfig({
    region: await cloudFormation.config.region(),
    outputs,
    iotEndpoint: endpointAddress!,
    caPem: amazonRootsIn(rootCertificates),
  });
  const s3 = new S3Client(settings);
  for (const { key, body, type, cache } of uploadsOf(await buildPage(), config)) {
    const object = { Bucket: bucket, Key: key, Body: body, ContentType: type, CacheControl: cache };
    await s3.send(new PutObjectCommand(object));
  }
  return url;
}

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'stack-name': { type: 'string', default: 'tidegate' },
      region: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  if (positionals.join(' ') !== 'upload') throw new Error(`expected the command "upload"\n${USAGE}`);
  const url = await upload(values['stack-name'], values.region);
  process.stdout.write(`the page is at ${url}\n`);
}

if (import.meta.main)
  run().catch((error: unknown) => {
    const { message } = error as Error;
    const said =
      message === 'Region is missing'
        ? 'no region is set: give it with --region, or set AWS_REGION'
        : message;
    process.stderr.write(`page: ${said}\n`);
    process.exitCode = 1;
  });
