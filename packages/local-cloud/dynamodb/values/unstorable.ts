// The one name that a JavaScript object cannot hold like others (`__proto__`), and how deep values may be nested.

import { validationError } from '../error.ts';

export const UNSTORABLE = '__proto__';

export const unstorable = () =>
  validationError(`The local DynamoDB cannot store an attribute that is called ${UNSTORABLE}`);

/** DynamoDB's limit on lists and maps inside each other. */
export const MAX_LEVELS = 32;

export const tooDeep = () => validationError('Nesting Levels have exceeded supported limits');
