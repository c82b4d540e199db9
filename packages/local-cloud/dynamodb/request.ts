// Refuses, before dynalite sees them, requests that it would take amiss: too deep, or with names that JavaScript reserves.
import { unknownParameters, validationError } from './dynalite.ts';

/** DynamoDB nests 32 levels; each level of a value is two objects here, and the request itself adds a few. */
const maxDepth = 80;

/** As attribute names these would be found in every item, because dynalite looks them up in plain objects. */
const reserved = new Set(Object.getOwnPropertyNames(Object.prototype));

function isReservedName(name: string): boolean {
  return reserved.has(name);
}

/** In maps, which dynalite keeps and gives back as they are, only one name would not be a member like any other. */
const isReservedMember = (name: string) => name === '__proto__';

interface Part {
  readonly value: object;
  readonly depth: number;
  /** Under which name it was found. */
  readonly name: string;
}

function findReserved(data: object): string | undefined {
  const pending: Part[] = [{ value: data, depth: 1, name: '' }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { value, depth, name: place } = next;
    if (depth > maxDepth) throw validationError('Nesting Levels have exceeded supported limits');
    const isReservedHere = place === 'M' ? isReservedMember : isReservedName;
    for (const [name, child] of Object.entries(value)) {
      if (isReservedHere(name)) return name;
      if (place === 'ExpressionAttributeNames' && typeof child === 'string' && isReservedName(child))
        return child;
      if (child !== null && typeof child === 'object') {
        pending.push({ value: child as object, depth: depth + 1, name });
      }
    }
  }
  return undefined;
}

/** Names written straight into an expression, without `#`. */
function findInExpressions(data: Readonly<Record<string, unknown>>): string | undefined {
  return Object.entries(data)
    .filter(([name, value]) => name.endsWith('Expression') && typeof value === 'string')
    .flatMap(([, expression]) => (expression as string).match(/(?<![#:\w])\w+/g) ?? [])
    .find(isReservedName);
}

const legacyFilters = ['Expected', 'QueryFilter', 'ScanFilter'];
const textual = /CONTAINS|BEGINS_WITH/;

/** dynalite compares binary values as text in these, too, and there we cannot correct it. */
function refuseLegacy(data: Readonly<Record<string, unknown>>): void {
  for (const parameter of legacyFilters) {
    for (const condition of Object.values(data[parameter] ?? {}) as unknown[]) {
      const operator = (condition as { ComparisonOperator?: unknown } | null)?.ComparisonOperator;
      if (typeof operator === 'string' && textual.test(operator)) {
        const remedy = 'use a condition or filter expression';
        throw validationError(
          `The local DynamoDB does not support ${operator} in the legacy ${parameter}: ${remedy}`,
        );
      }
    }
  }
}

/** @throws ServiceError ValidationException, naming what the local DynamoDB cannot do. */
export function checkRequest(operation: string, data: Readonly<Record<string, unknown>>): void {
  const name = findReserved(data) ?? findInExpressions(data);
  if (name !== undefined) {
    throw validationError(`The local DynamoDB cannot store an attribute that is called ${name}`);
  }
  const [unknown] = unknownParameters(operation, data);
  if (unknown !== undefined) {
    throw validationError(
      `The local DynamoDB does not support the parameter ${unknown.slice(0, 64)} of ${operation}`,
    );
  }
  if (data['ReturnItemCollectionMetrics'] === 'SIZE') {
    throw validationError('The local DynamoDB does not support ReturnItemCollectionMetrics SIZE');
  }
  refuseLegacy(data);
}
