// Evaluates DynamoDB's condition and filter expressions exactly: dynalite compares binary values as UTF-8 text, in which
// most byte strings look alike, so that a fingerprint would be found in sets that do not hold it.

/** One of `{ S }`, `{ N }`, `{ B }`, `{ BS }` ... as on the wire; numbers are plain decimals, binary is base64. */
export type AttributeValue = Readonly<Record<string, unknown>>;
export type Item = Readonly<Record<string, AttributeValue>>;

type Path = readonly (string | number)[];
interface Call {
  readonly type: string;
  readonly name?: string;
  readonly args: readonly Operand[];
}
type Operand = Path | Call | AttributeValue;

/** A parsed expression as dynalite's parser gives it. */
export interface Condition {
  readonly type: string;
  readonly name?: string;
  readonly args: readonly (Condition & Operand)[];
}

type Value = AttributeValue | undefined;

const typeOf = (value: Value): string | undefined => value && Object.keys(value)[0];
const bytesOf = (value: AttributeValue) => Buffer.from(value['B'] as string, 'base64');

function valueAt(path: Path, item: Item): Value {
  let current: unknown = { M: item };
  for (const step of path) {
    const { L: list, M: map } = current as { L?: unknown[]; M?: Record<string, unknown> };
    if (typeof step === 'number') current = list?.[step];
    else current = map && Object.hasOwn(map, step) ? map[step] : undefined;
    if (current == null) return undefined;
  }
  return current as AttributeValue;
}

function sizeOf(value: Value): Value {
  const type = typeOf(value);
  if (!value || !type || type === 'N' || type === 'BOOL' || type === 'NULL') return undefined;
  const content = value[type] as string | object[];
  if (type === 'B') return { N: String(bytesOf(value).length) };
  if (type === 'M') return { N: String(Object.keys(content).length) };
  return { N: String(content.length) };
}

function resolve(operand: Operand, item: Item): Value {
  if (Array.isArray(operand)) return valueAt(operand as Path, item);
  const call = operand as Call;
  if (call.type !== 'function') return operand as AttributeValue;
  return sizeOf(resolve(call.args[0]!, item));
}

function equalLists(a: readonly AttributeValue[], b: readonly AttributeValue[]): boolean {
  return a.length === b.length && a.every((each, index) => equal(each, b[index]));
}

function equalMaps(a: Item, b: Item): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && equal(a[name], b[name]))
  );
}

function equalSets(a: readonly string[], b: readonly string[]): boolean {
  const members = new Set(a);
  return a.length === b.length && b.every((each) => members.has(each));
}

function equal(a: Value, b: Value): boolean {
  const type = typeOf(a);
  if (!a || !b || !type || type !== typeOf(b)) return false;
  const [left, right] = [a[type], b[type]];
  if (type === 'L') return equalLists(left as AttributeValue[], right as AttributeValue[]);
  if (type === 'M') return equalMaps(left as Item, right as Item);
  if (Array.isArray(left)) return equalSets(left as string[], right as string[]);
  return type === 'N' ? compareDecimals(left as string, right as string) === 0 : left === right;
}

/** Compares two plain decimals, such as `-12.50`, of any length. */
export function compareDecimals(a: string, b: string): number {
  const read = (text: string) => {
    const [whole = '', fraction = ''] = text.replace(/^[-+]/, '').split('.');
    const [digits, decimals] = [whole.replace(/^0+/, ''), fraction.replace(/0+$/, '')];
    const sign = digits || decimals ? (text.startsWith('-') ? -1 : 1) : 0;
    return { sign, digits, decimals };
  };
  const [left, right] = [read(a), read(b)];
  if (left.sign !== right.sign) return left.sign - right.sign;
  if (left.digits.length !== right.digits.length)
    return (left.digits.length - right.digits.length) * left.sign;
  const [x, y] = [`${left.digits}.${left.decimals}`, `${right.digits}.${right.decimals}`];
  return x === y ? 0 : (x < y ? -1 : 1) * left.sign;
}

/** `undefined` when the two cannot be ordered: other types, or types without an order. */
function order(a: Value, b: Value): number | undefined {
  const type = typeOf(a);
  if (!a || !b || type !== typeOf(b)) return undefined;
  if (type === 'N') return compareDecimals(a['N'] as string, b['N'] as string);
  if (type === 'S') return Buffer.compare(Buffer.from(a['S'] as string), Buffer.from(b['S'] as string));
  return type === 'B' ? Buffer.compare(bytesOf(a), bytesOf(b)) : undefined;
}

function contains(whole: Value, part: Value): boolean {
  const [type, partType] = [typeOf(whole), typeOf(part)];
  if (!whole || !part || !type || !partType) return false;
  if (type === 'L') return (whole['L'] as AttributeValue[]).some((member) => equal(member, part));
  if (type === `${partType}S`)
    return (whole[type] as string[]).some((each) => equal({ [partType]: each }, part));
  if (type !== partType) return false;
  if (type === 'S') return (whole['S'] as string).includes(part['S'] as string);
  return type === 'B' && bytesOf(whole).includes(bytesOf(part));
}

function beginsWith(whole: Value, start: Value): boolean {
  const type = typeOf(whole);
  if (!whole || !start || type !== typeOf(start)) return false;
  if (type === 'S') return (whole['S'] as string).startsWith(start['S'] as string);
  const prefix = type === 'B' ? bytesOf(start) : undefined;
  return prefix !== undefined && bytesOf(whole).subarray(0, prefix.length).equals(prefix);
}

/** NaN compares false with everything, as a missing or differently typed attribute does. */
const ordering = (a: Value, b: Value) => order(a, b) ?? Number.NaN;

const tests: Readonly<Record<string, (values: readonly Value[]) => boolean>> = {
  '=': ([a, b]) => equal(a, b),
  '<>': ([a, b]) => !equal(a, b),
  '<': ([a, b]) => ordering(a, b) < 0,
  '<=': ([a, b]) => ordering(a, b) <= 0,
  '>': ([a, b]) => ordering(a, b) > 0,
  '>=': ([a, b]) => ordering(a, b) >= 0,
  between: ([a, low, high]) => ordering(a, low) >= 0 && ordering(a, high) <= 0,
  in: ([a, ...list]) => list.some((each) => equal(a, each)),
  attribute_exists: ([a]) => a !== undefined,
  attribute_not_exists: ([a]) => a === undefined,
  attribute_type: ([a, type]) => typeOf(a) === type?.['S'],
  begins_with: ([a, start]) => beginsWith(a, start),
  contains: ([a, part]) => contains(a, part),
};

/** Whether `item` fulfils `condition`; an absent item is `{}`. */
export function fulfils(item: Item, condition: Condition): boolean {
  const { type, args } = condition;
  if (type === 'and') return args.every((each) => fulfils(item, each));
  if (type === 'or') return args.some((each) => fulfils(item, each));
  if (type === 'not') return !fulfils(item, args[0]!);
  const test = tests[type === 'function' ? condition.name! : type];
  if (!test) throw new Error(`dynalite parsed a condition of unknown type ${type}`);
  return test(args.map((operand) => resolve(operand, item)));
}
