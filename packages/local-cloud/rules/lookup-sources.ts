// The services that rules SQL calls on one machine: functions, registry and shadows.

import { AwsError } from '../aws-error.ts';
import type { Operation } from '../iot/api-request.ts';
import type { Iot } from '../iot/iot.ts';
import { membershipOperations } from '../iot/thing-membership-operations.ts';
import { thingOperations } from '../iot/thing-operations.ts';
import type { InvokeResult } from '../lambda/api.ts';
import type { Shadows } from '../shadow/service.ts';
import { parseJson } from '../json/json.ts';
import type { Lookups } from './lookups.ts';
import { jsonOf, toText, type Value } from '../json/value.ts';

export interface LookupSources {
  readonly lambda: { invoke(functionName: string, payload: string): Promise<InvokeResult> };
  readonly iot: Pick<Iot, 'registry' | 'ca' | 'domains'>;
  /** Called when the first message comes. */
  readonly shadows: () => Pick<Shadows, 'get'>;
}

function read(text: string, whose: string): Value {
  const json = parseJson(text);
  if (!json) throw new Error(`${whose} is not JSON`);
  return json.value;
}

function nameOf(value: Value, what: string): string {
  const text = toText(value);
  if (text === undefined) throw new AwsError('InvalidRequestException', `${what} is not text`, 400);
  return text;
}

const REGISTRY_OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  [...thingOperations, ...membershipOperations]
    .filter(({ name }) => name === 'DescribeThing' || name === 'ListThingGroupsForThing')
    .map((operation) => [operation.name, operation]),
);

/** Valid names of shadows (AWS IoT API reference, GetThingShadow). */
const SHADOW_NAMES = { thingName: /^[a-zA-Z0-9:_-]{1,128}$/, shadowName: /^[$a-zA-Z0-9:_-]{1,64}$/ };

function checked(member: keyof typeof SHADOW_NAMES, value: Value): string {
  const name = nameOf(value, member);
  if (SHADOW_NAMES[member].test(name)) return name;
  throw new AwsError(
    'InvalidRequestException',
    `${JSON.stringify(name.slice(0, 200))} is not a ${member}`,
    400,
  );
}

export function createLookups({ lambda, iot, shadows }: LookupSources): Lookups {
  return {
    async aws_lambda(functionArn, input) {
      const result = await lambda.invoke(nameOf(functionArn, 'the function ARN'), jsonOf(input));
      if (result.functionError) throw new Error(`the function failed: ${result.payload.slice(0, 500)}`);
      return read(result.payload, 'what the function returned');
    },
    async get_registry_data(api, thingName) {
      const operation = REGISTRY_OPERATIONS.get(nameOf(api, 'the name of the API'));
      if (!operation) throw new Error(`it knows ${[...REGISTRY_OPERATIONS.keys()].join(' and ')}`);
      const answer = await operation.run(iot, {
        labels: new Map([['thingName', nameOf(thingName, 'thingName')]]),
        query: new URLSearchParams(),
        body: {},
        header: () => undefined,
      });
      return read(JSON.stringify(answer), 'what the registry knows');
    },
    async get_thing_shadow(thingName, shadowName) {
      const id = {
        thingName: checked('thingName', thingName),
        shadowName: shadowName === undefined ? undefined : checked('shadowName', shadowName),
      };
      return read(await shadows().get(id), 'the shadow');
    },
  };
}
