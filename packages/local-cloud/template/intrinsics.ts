// CloudFormation's intrinsic functions, as a table.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html

import type { Node } from './document.ts';
import {
  comparable,
  evaluate,
  type Intrinsic,
  itemsOf,
  partsOf,
  type Scope,
  textAt,
  textOf,
} from './evaluate.ts';

const VARIABLE = /\$\{([^}]*)\}/g;

/** The scope in which the variables of a two-part `Fn::Sub` come before everything else. */
function withVariables(node: Node, scope: Scope): Scope {
  if (node.kind !== 'map')
    return scope.fail(node.place, 'the second part of Fn::Sub must be a mapping of variables');
  const variables = new Map([...node.entries].map(([name, { value }]) => [name, textOf(value, scope, name)]));
  return {
    ...scope,
    ref(name, place) {
      const text = variables.get(name);
      return text === undefined ? scope.ref(name, place) : textAt(text, place);
    },
  };
}

const substitute: Intrinsic = (argument, scope, place) => {
  const [template, variables] =
    argument.kind === 'list' ? partsOf(argument, 2, scope, 'Fn::Sub: [text, {variable: value}]') : [argument];
  if (template?.kind !== 'scalar') return scope.fail(place, 'Fn::Sub needs literal text');
  const names = variables ? withVariables(variables, scope) : scope;
  const lookUp = (name: string): string => {
    const dot = name.indexOf('.');
    const value =
      dot < 0 ? names.ref(name, place) : names.attribute(name.slice(0, dot), name.slice(dot + 1), place);
    if (value?.kind === 'scalar') return value.text;
    return scope.fail(place, `\${${name}} in Fn::Sub is not text`);
  };
  const text = template.text.replace(VARIABLE, (whole, inner: string) => {
    const name = inner.trim();
    if (name.startsWith('!')) return `\${${name.slice(1)}}`;
    return name === '' ? scope.fail(place, `${whole} in Fn::Sub names nothing`) : lookUp(name);
  });
  return textAt(text, place);
};

const attribute: Intrinsic = (argument, scope, place) => {
  const shape = 'Fn::GetAtt: LogicalId.Attribute';
  if (argument.kind === 'list') {
    const [id, name] = partsOf(argument, 2, scope, shape);
    return scope.attribute(
      textOf(id!, scope, 'the logical id'),
      textOf(name!, scope, 'the attribute'),
      place,
    );
  }
  const text = argument.kind === 'scalar' ? argument.text : '';
  const dot = text.indexOf('.');
  if (dot < 1) return scope.fail(place, `must be written ${shape}`);
  return scope.attribute(text.slice(0, dot), text.slice(dot + 1), place);
};

const choose: Intrinsic = (argument, scope) => {
  const [condition, whenTrue, whenFalse] = partsOf(argument, 3, scope, 'Fn::If: [Condition, value, value]');
  if (condition!.kind !== 'scalar')
    return scope.fail(condition!.place, 'Fn::If needs the name of a condition');
  return evaluate(scope.condition(condition!.text, condition!.place) ? whenTrue! : whenFalse!, scope);
};

const select: Intrinsic = (argument, scope, place) => {
  const [index, list] = partsOf(argument, 2, scope, 'Fn::Select: [index, list]');
  const at = Number(textOf(index!, scope, 'the index of Fn::Select'));
  const items = itemsOf(list!, scope, 'the second part of Fn::Select');
  const item = Number.isInteger(at) && at >= 0 ? items[at] : undefined;
  return item ? evaluate(item, scope) : scope.fail(place, `Fn::Select ${at} of a list of ${items.length}`);
};

const join: Intrinsic = (argument, scope, place) => {
  const [delimiter, list] = partsOf(argument, 2, scope, 'Fn::Join: [delimiter, list]');
  const items = itemsOf(list!, scope, 'the second part of Fn::Join');
  const texts = items.map((item) => textOf(item, scope, 'each item of Fn::Join'));
  return textAt(texts.join(textOf(delimiter!, scope, 'the delimiter')), place);
};

const split: Intrinsic = (argument, scope, place) => {
  const [delimiter, source] = partsOf(argument, 2, scope, 'Fn::Split: [delimiter, text]');
  const by = textOf(delimiter!, scope, 'the delimiter');
  if (by === '') return scope.fail(place, 'Fn::Split needs a delimiter');
  const parts = textOf(source!, scope, 'the second part of Fn::Split').split(by);
  return { kind: 'list', items: parts.map((part) => textAt(part, place)), place };
};

const findInMap: Intrinsic = (argument, scope, place) => {
  const parts = partsOf(argument, 3, scope, 'Fn::FindInMap: [map, key, key]');
  const [map, top, second] = parts.map((part) => textOf(part, scope, 'each part of Fn::FindInMap'));
  return scope.mapping(map!, top!, second!, place);
};

const flag = (holds: boolean, node: Node) =>
  ({ kind: 'scalar', value: holds, text: String(holds), place: node.place }) as const;

/** Whether a condition function holds. */
export function holds(node: Node, scope: Scope): boolean {
  // The long form of a reference to another condition.
  const named =
    node.kind === 'map' && node.entries.size === 1 ? node.entries.get('Condition')?.value : undefined;
  if (named?.kind === 'scalar') return scope.condition(named.text, named.place);
  const value = node.kind === 'call' ? evaluate(node, scope) : undefined;
  if (value?.kind === 'scalar' && typeof value.value === 'boolean') return value.value;
  return scope.fail(node.place, 'is not a condition: use Fn::Equals, Fn::Not, Fn::And, Fn::Or or Condition');
}

function severalHold(argument: Node, scope: Scope, name: string): boolean[] {
  const items = itemsOf(argument, scope, name);
  if (items.length < 2 || items.length > 10)
    return scope.fail(argument.place, `${name} takes two to ten conditions`);
  return items.map((item) => holds(item, scope));
}

const VALUES: readonly (readonly [string, Intrinsic])[] = [
  ['Ref', (argument, scope, place) => scope.ref(textOf(argument, scope, 'Ref'), place)],
  ['Fn::Sub', substitute],
  ['Fn::Join', join],
  ['Fn::Select', select],
  ['Fn::Split', split],
  ['Fn::FindInMap', findInMap],
  [
    'Fn::Base64',
    (argument, scope, place) =>
      textAt(Buffer.from(textOf(argument, scope, 'Fn::Base64')).toString('base64'), place),
  ],
];

const CONDITIONS: readonly (readonly [string, Intrinsic])[] = [
  [
    'Condition',
    (argument, scope) =>
      flag(scope.condition(textOf(argument, scope, 'Condition'), argument.place), argument),
  ],
  [
    'Fn::Equals',
    (argument, scope) => {
      const [left, right] = partsOf(argument, 2, scope, 'Fn::Equals: [value, value]');
      return flag(comparable(evaluate(left!, scope)) === comparable(evaluate(right!, scope)), argument);
    },
  ],
  [
    'Fn::Not',
    (argument, scope) => {
      const [condition] = partsOf(argument, 1, scope, 'Fn::Not: [condition]');
      return flag(!holds(condition!, scope), argument);
    },
  ],
  ['Fn::And', (argument, scope) => flag(severalHold(argument, scope, 'Fn::And').every(Boolean), argument)],
  ['Fn::Or', (argument, scope) => flag(severalHold(argument, scope, 'Fn::Or').some(Boolean), argument)],
];

const texts = (node: Node, scope: Scope, what: string) =>
  itemsOf(node, scope, what).map((item) => textOf(item, scope, what));

// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-rules.html
const ASSERTIONS: readonly (readonly [string, Intrinsic])[] = [
  [
    'Fn::Contains',
    (argument, scope) => {
      const [list, value] = partsOf(argument, 2, scope, 'Fn::Contains: [list, value]');
      return flag(
        texts(list!, scope, 'Fn::Contains').includes(textOf(value!, scope, 'Fn::Contains')),
        argument,
      );
    },
  ],
  [
    'Fn::EachMemberEquals',
    (argument, scope) => {
      const [list, value] = partsOf(argument, 2, scope, 'Fn::EachMemberEquals: [list, value]');
      const wanted = textOf(value!, scope, 'Fn::EachMemberEquals');
      return flag(
        texts(list!, scope, 'Fn::EachMemberEquals').every((text) => text === wanted),
        argument,
      );
    },
  ],
  [
    'Fn::EachMemberIn',
    (argument, scope) => {
      const [list, wanted] = partsOf(argument, 2, scope, 'Fn::EachMemberIn: [list, list]');
      const allowed = texts(wanted!, scope, 'Fn::EachMemberIn');
      return flag(
        texts(list!, scope, 'Fn::EachMemberIn').every((text) => allowed.includes(text)),
        argument,
      );
    },
  ],
];

/** In `Resources` and `Outputs`. */
export const resourceIntrinsics: ReadonlyMap<string, Intrinsic> = new Map([
  ...VALUES,
  ['Fn::GetAtt', attribute],
  ['Fn::If', choose],
]);

/** In `Conditions`. */
export const conditionIntrinsics: ReadonlyMap<string, Intrinsic> = new Map([
  ...VALUES,
  ...CONDITIONS,
  ['Fn::If', choose],
]);

/** In `Rules`. */
export const ruleIntrinsics: ReadonlyMap<string, Intrinsic> = new Map([
  ...VALUES,
  ...CONDITIONS,
  ...ASSERTIONS,
]);
