// Metrics in a temporary folder, on a clock that the test moves.

import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createManualClock } from '../../clock.ts';
import { createClosers } from '../../closers.ts';
import { openCloudWatch, openMetrics } from '../../cloudwatch/open.ts';
import { createRecordingLog, serve } from '../aws/local-cloud.ts';
import { indent, withTemplate } from '../template/fixture.ts';

export const NOON = Date.UTC(2026, 10, 29, 12);
export const MINUTE = 60_000;

export const templateOf = (resources: string): string =>
  `Transform: AWS::Serverless-2016-10-31\nResources:\n${indent(resources, 2)}`;

export interface Published {
  readonly topicArn: string;
  readonly subject: string;
  /** What mails say. */
  readonly text: string;
  readonly document: Record<string, unknown>;
}

/** @param resources of the template, in YAML */
export async function openFixture(resources: string, dataDir = temporaryFolder(), now = NOON) {
  const clock = createManualClock(now);
  const log = createRecordingLog();
  const closers = createClosers();
  const metrics = openMetrics({ dataDir, clock, log, closers });
  const published: Published[] = [];
  const accepted: { readonly arn: string; readonly event: Record<string, unknown> }[] = [];
  const fault: { message?: string } = {};
  const targets = {
    async publish({ topicArn, subject, message }: { topicArn: string; subject: string; message: string }) {
      if (fault.message !== undefined) throw new Error(fault.message);
      const { default: document, email } = JSON.parse(message) as { default: string; email: string };
      const parsed = JSON.parse(document) as Record<string, unknown>;
      published.push({ topicArn, subject, text: email, document: parsed });
    },
    async accept(arn: string, payload: string) {
      accepted.push({ arn, event: JSON.parse(payload) as Record<string, unknown> });
    },
  };
  const { handler } = withTemplate(templateOf(resources), {}, (template) =>
    openCloudWatch({ template, metrics, targets, clock, log, closers }),
  );
  const server = await serve({ monitoring: handler }, log);
  closers.add(() => server.close());
  return {
    ...{ dataDir, clock, log, metrics, published, accepted, fault, url: server.url },
    close: () => closers.closeAll(),
  };
}

export const signed = {
  authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/monitoring/aws4_request',
};

/** By the JSON protocol. */
export async function callJson(url: string, operation: string, input: object) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      ...signed,
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `GraniteServiceVersion20100801.${operation}`,
    },
    body: JSON.stringify(input),
  });
  return (await response.json()) as Record<string, unknown>;
}
