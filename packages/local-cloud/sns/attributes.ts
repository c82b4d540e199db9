// Message attributes, by which subscriptions filter; checked as on AWS, so that a publish that AWS refuses fails here too.

import { AwsError } from '../aws-error.ts';

export interface Attribute {
  /** `String`, `String.Array`, `Number` or `Binary`, optionally with a custom label: `Number.temperature`. */
  readonly type: string;
  /** Base64 when the type is Binary. */
  readonly value: string;
}

type Check = (value: string) => boolean;

const DECIMAL = /^[+-]?(?:\d{1,400}\.?\d{0,400}|\.\d{1,400})(?:[eE][+-]?\d{1,4})?$/;

function isArrayOfScalars(value: string): boolean {
  try {
    const items: unknown = JSON.parse(value);
    return Array.isArray(items) && items.every((item) => item === null || typeof item !== 'object');
  } catch {
    return false;
  }
}

const isBase64: Check = (value) => Buffer.from(value, 'base64').toString('base64') === value;

/** Checks by the part of the type that SNS interprets. https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html */
const CHECKS: Readonly<Record<string, Check>> = {
  String: () => true,
  'String.Array': isArrayOfScalars,
  Number: (value) => DECIMAL.test(value),
  Binary: isBase64,
};

function checkFor(type: string): Check | undefined {
  if (type === 'String.Array') return CHECKS[type];
  const known = /^(String|Number|Binary)(?:\.[\w.-]{1,200})?$/.exec(type)?.[1];
  return known === undefined ? undefined : CHECKS[known];
}

const NAME_PATTERN = /^(?!\.)(?!.*\.\.)[\w.-]{1,256}(?<!\.)$/;
/** Names with these beginnings are AWS's, which defines these two families for SMS. */
const RESERVED = /^(?:AWS|Amazon)\.(?!(?:SNS|MM)\.)/i;

const refuse = (message: string) => new AwsError('ParameterValueInvalid', message);

/** @throws AwsError ParameterValueInvalid (InvalidParameterValueException in the SDK) */
export function checkAttributes(attributes: Readonly<Record<string, Attribute>>): void {
  for (const [name, { type, value }] of Object.entries(attributes)) {
    const shown = JSON.stringify(name.slice(0, 100));
    if (!NAME_PATTERN.test(name) || RESERVED.test(name)) {
      throw refuse(`The message attribute name ${shown} is not one that SNS allows`);
    }
    const check = checkFor(type);
    if (!check) {
      const found = JSON.stringify(type.slice(0, 100));
      throw refuse(
        `The message attribute ${shown} has the type ${found}: use String, String.Array, Number or Binary`,
      );
    }
    if (value === '') throw refuse(`The message attribute ${shown} has no value`);
    if (!check(value)) throw refuse(`The value of the message attribute ${shown} is not of type ${type}`);
  }
}

/** Bytes that attributes add to a message: names, types and values. */
export function attributesSize(attributes: Readonly<Record<string, Attribute>>): number {
  let size = 0;
  for (const [name, { type, value }] of Object.entries(attributes)) {
    const bytes = type.startsWith('Binary') ? Buffer.byteLength(value, 'base64') : Buffer.byteLength(value);
    size += Buffer.byteLength(name) + Buffer.byteLength(type) + bytes;
  }
  return size;
}
