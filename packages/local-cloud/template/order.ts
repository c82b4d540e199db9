// Checks the two parts of a template that relate other parts: rules over parameters, and dependencies between resources.

import type { Entry, Node, Place } from './document.ts';
import { holds } from './intrinsics.ts';
import type { Names } from './names.ts';
import { entriesOf, type Fail, literal } from './sections.ts';

/**
 * Rules of the template: assertions that the parameters must fulfil together.
 * @throws StartError with the description of the first that is not met.
 */
export function requireRules(rules: ReadonlyMap<string, Entry<Node>>, names: Names, fail: Fail): void {
  for (const [name, { value, place }] of rules) {
    const rule = entriesOf(value, `rule ${name}`, ['RuleCondition', 'Assertions'], fail);
    const condition = rule.get('RuleCondition')?.value;
    if (condition && !holds(condition, names.ruleScope)) continue;
    const assertions = rule.get('Assertions')?.value ?? fail(place, `rule ${name} needs Assertions`);
    if (assertions.kind !== 'list')
      return fail(assertions.place, `Assertions of rule ${name} must be a list`);
    for (const item of assertions.items) {
      const assertion = entriesOf(item, `assertion of rule ${name}`, ['Assert', 'AssertDescription'], fail);
      const assert =
        assertion.get('Assert')?.value ?? fail(item.place, `an assertion of rule ${name} needs Assert`);
      if (holds(assert, names.ruleScope)) continue;
      const description = assertion.get('AssertDescription')?.value;
      fail(
        item.place,
        `rule ${name}: ${description ? literal(description, 'AssertDescription', fail) : 'is not met'}`,
      );
    }
  }
}

/** By logical ID, the resources that it refers to, and the place of each reference. */
export type Needs = Map<string, Map<string, Place>>;

/** Refuses circular dependencies, as CloudFormation does. */
export function requireOrder(needs: Needs, fail: Fail): void {
  const done = new Set<string>();
  const visit = (id: string, path: readonly string[], place: Place): void => {
    if (done.has(id)) return;
    const start = path.indexOf(id);
    if (start >= 0)
      fail(place, `resources need each other in a circle: ${[...path.slice(start), id].join(' -> ')}`);
    for (const [next, at] of needs.get(id) ?? []) visit(next, [...path, id], at);
    done.add(id);
  };
  for (const [id, next] of needs) for (const [other, place] of next) visit(other, [id], place);
}
