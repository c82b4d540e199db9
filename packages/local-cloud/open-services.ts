// What the services of a stack are opened with, and the identities of devices, which open first.

import path from 'node:path';
import type { Meter } from './cloudwatch/meter.ts';
import type { Metrics } from './cloudwatch/open.ts';
import type { Closers } from './closers.ts';
import type { Guard } from './iam/guard.ts';
import { openIot, type Iot } from './iot/iot.ts';
import type { FunctionEvents } from './lambda/function-events.ts';
import type { MqttHosts } from './mqtt/hosts.ts';
import type { Refusals } from './refusals.ts';
import type { StackOptions } from './stack.ts';
import type { ResolvedTemplate } from './template/resolved.ts';

/** Every port but the MQTT port is for this machine only. */
export const HOST = '127.0.0.1';

export interface Settings extends StackOptions {
  readonly mqttHosts: MqttHosts;
  readonly template: ResolvedTemplate;
  /** The template and, where it is read, domain.yaml: for what may be declared in either. */
  readonly declared: Pick<ResolvedTemplate, 'ofType'>;
  /** Those of the template, and then with the addresses of this machine. */
  readonly outputs: Record<string, string>;
  /** What hands events to the functions; it opens with them. */
  readonly functions: FunctionEvents;
  readonly closers: Closers;
  readonly guard: Guard;
  readonly refusals: Refusals;
  readonly metrics: Metrics;
  readonly meter: Meter;
}

export async function openDevices({
  dataDir,
  template,
  declared,
  title,
  mqttHosts,
  clock,
  log,
  closers,
}: Settings): Promise<Iot> {
  const { region, accountId } = template;
  const dir = path.join(dataDir, 'iot');
  const iot = await openIot({
    dir,
    region,
    accountId,
    organization: title,
    hosts: mqttHosts.named,
    template: declared,
    clock,
    log,
  });
  closers.add(() => iot.close());
  await iot.seed(template);
  return iot;
}
