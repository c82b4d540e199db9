// The one name that an object of JavaScript cannot hold like any other, and how deep values may be nested.

import { validationError } from '../error.ts';

export const UNSTORABLE = '__proto__';

export const unstorable = () =>
  validationError(`The local DynamoDB cannot store an attribute that is called ${UNSTORABLE}`);

/** Lists and maps in each other, as DynamoDB has it. */
export const MAX_LEVELS = 32;

export const tooDeep = () => validationError('Nesting Levels have exceeded supported limits');
