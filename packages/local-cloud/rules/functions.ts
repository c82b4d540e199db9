// The functions of rules SQL, by name (AWS IoT developer guide, "Functions").

import { lookupForms } from './lookups.ts';
import { mathFunctions } from './functions-math.ts';
import { messageFunctions } from './functions-message.ts';
import { propertyFunctions } from './functions-property.ts';
import { regexpFunctions } from './functions-regexp.ts';
import { textFunctions } from './functions-text.ts';
import { timeFunctions } from './functions-time.ts';
import { valueFunctions } from './functions-value.ts';
import type { SqlFunction } from './sql-function.ts';

const TABLE: Readonly<Record<string, SqlFunction>> = {
  ...messageFunctions,
  ...valueFunctions,
  ...mathFunctions,
  ...textFunctions,
  ...regexpFunctions,
  ...timeFunctions,
  ...propertyFunctions,
};

/** Why a documented function is refused, by name. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  get_dynamodb: 'it calls another AWS service',
  get_secret: 'it calls another AWS service',
  machinelearning_predict: 'it calls another AWS service',
};

/** A function by its name in any case, or why it is refused. */
export function findFunction(name: string): SqlFunction | { readonly problem: string } {
  const key = name.toLowerCase();
  if (Object.hasOwn(TABLE, key)) return TABLE[key]!;
  if (Object.hasOwn(UNSUPPORTED, key)) {
    return { problem: `the function ${key}() is not supported by the local cloud: ${UNSUPPORTED[key]}` };
  }
  return { problem: `there is no function ${name}()` };
}

const COMPILED_ELSEWHERE = ['cast', 'decode', 'encode', 'get_or_default', ...Object.keys(lookupForms)];

/** For the documentation of the local cloud. */
export function describeFunctions(): { supported: string[]; unsupported: Readonly<Record<string, string>> } {
  return { supported: [...Object.keys(TABLE), ...COMPILED_ELSEWHERE].sort(), unsupported: UNSUPPORTED };
}
