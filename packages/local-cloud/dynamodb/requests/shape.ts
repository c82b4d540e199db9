// The shapes of requests, as data: the types of members, and the constraints that DynamoDB names when they do not hold.

/** Listed in the order in which DynamoDB reports what is wrong. */
export interface Constraints {
  /** A missing member is reported before anything else. */
  readonly required?: true;
  readonly notNull?: true;
  /** When it is wrong, nothing else is reported. */
  readonly alone?: true;
  /** When it is empty, only that is reported, in the words of newer checks. */
  readonly notEmpty?: true;
  readonly enum?: readonly string[];
  readonly regex?: RegExp;
  readonly lengthGreaterThanOrEqual?: number;
  readonly lengthLessThanOrEqual?: number;
  readonly greaterThanOrEqual?: number;
  readonly lessThanOrEqual?: number;
  readonly keys?: Constraints;
  readonly values?: Constraints;
}

export type Members = Readonly<Record<string, Shape>>;

/** `javaType` is the name of the type in messages. */
export type Shape = Constraints &
  (
    | { readonly type: 'String' | 'Boolean' | 'Integer' | 'Long' | 'Value' }
    | { readonly type: 'List' | 'ParameterizedList'; readonly children: Shape }
    | { readonly type: 'Map'; readonly javaType: string; readonly children: Shape }
    | { readonly type: 'ParameterizedMap'; readonly children: Shape }
    | {
        readonly type: 'Struct';
        readonly javaType: string;
        readonly isMember: boolean;
        readonly children: Members;
      }
  );

export const text = (constraints: Constraints = {}): Shape => ({ type: 'String', ...constraints });
export const oneOf = (...values: readonly string[]): Shape => ({ type: 'String', enum: values });
export const boolean: Shape = { type: 'Boolean' };
export const integer = (constraints: Constraints): Shape => ({ type: 'Integer', ...constraints });
export const long = (constraints: Constraints = {}): Shape => ({ type: 'Long', ...constraints });
export const list = (children: Shape, constraints: Constraints = {}): Shape => ({
  type: 'List',
  ...constraints,
  children,
});
export const map = (javaType: string, children: Shape, constraints: Constraints = {}): Shape => ({
  type: 'Map',
  javaType,
  ...constraints,
  children,
});

/** The members of a list or a map. */
export const struct = (javaType: string, children: Members): Shape => ({
  type: 'Struct',
  javaType,
  isMember: true,
  children,
});

/** Of a structure. */
export const field = (javaType: string, children: Members, constraints: Constraints = {}): Shape => ({
  type: 'Struct',
  javaType,
  isMember: false,
  ...constraints,
  children,
});

export const attributeValue: Shape = { type: 'Value' };
export const attributes = (constraints: Constraints = {}) =>
  map('AttributeValue', attributeValue, constraints);

const NAME = /^[a-zA-Z0-9_.-]+$/;
const NAME_LENGTH = { lengthGreaterThanOrEqual: 3, lengthLessThanOrEqual: 255 };

export const name = (constraints: Constraints = {}): Shape =>
  text({ ...constraints, regex: NAME, ...NAME_LENGTH });
/** The table of a request for items. */
export const tableName = text({
  notNull: true,
  notEmpty: true,
  regex: NAME,
  ...NAME_LENGTH,
  lengthGreaterThanOrEqual: 1,
});
/** Keys of `RequestItems`. */
export const tableNames: Constraints = {
  lengthLessThanOrEqual: 255,
  lengthGreaterThanOrEqual: 3,
  regex: NAME,
};
