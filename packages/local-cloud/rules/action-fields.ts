// Reads the fields of a rule action, with the substitutions in them compiled.

import type { StartError } from '../start-error.ts';
import { fieldAt, isTemplate, type ActionSpec } from './rule-spec.ts';
import { SqlError } from './sql-error.ts';
import type { CompiledStatement, Substitute } from './statement.ts';

export interface Fields {
  readonly spec: ActionSpec;
  /** The text of the field. @throws StartError unless it is text */
  raw(property: string): string;
  /** The field with its substitutions, to be evaluated for a message. */
  template(property: string): Substitute;
  /** Compiles a text inside a field that is not text itself. */
  compile(text: unknown, property: string): Substitute;
  /** The physical name where the field names a resource of the template; else as `template`. */
  target(property: string): Substitute;
  /** The first choice where the field is absent. */
  choice<Choice extends string>(property: string, choices: readonly Choice[]): Choice;
  /** @throws StartError where the stack does not run the service */
  need<Service>(service: Service | undefined): Service;
  refuse(problem: string, property?: string): StartError;
}

type Refuse = Fields['refuse'];

function checkText(spec: ActionSpec, refuse: Refuse, value: unknown, property: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw refuse(`${spec.type}.${property} must be text`, property);
}

function choose<Choice extends string>(
  { type, properties }: ActionSpec,
  refuse: Refuse,
  property: string,
  choices: readonly Choice[],
): Choice {
  const value = fieldAt(properties, property) ?? choices[0];
  // YAML writes a number or a Boolean where CloudFormation takes its text.
  const choice = choices.find((candidate) => candidate === value || candidate === JSON.stringify(value));
  if (choice !== undefined) return choice;
  const list = choices.map((candidate) => JSON.stringify(candidate)).join(', ');
  throw refuse(`${type}.${property} must be one of ${list} in the local cloud`, property);
}

export function createFields(
  spec: ActionSpec,
  statement: Pick<CompiledStatement, 'compileTemplate'>,
): Fields {
  const valueOf = (property: string) => fieldAt(spec.properties, property);
  const refuse: Refuse = (problem, property) =>
    spec.refuse(problem, property === undefined ? undefined : property.split('.')[0]);
  const raw = (property: string) => checkText(spec, refuse, valueOf(property), property);

  function compile(text: unknown, property: string): Substitute {
    try {
      return statement.compileTemplate(checkText(spec, refuse, text, property));
    } catch (error) {
      if (error instanceof SqlError) throw refuse(`${spec.type}.${property}: ${error.message}`, property);
      throw error;
    }
  }
  const template = (property: string) => compile(valueOf(property), property);

  return {
    spec,
    raw,
    template,
    compile,
    refuse,
    target(property) {
      if (isTemplate(valueOf(property))) return template(property);
      const name = spec.target ?? raw(property);
      return () => name;
    },
    choice: (property, choices) => choose(spec, refuse, property, choices),
    need(service) {
      if (service !== undefined) return service;
      throw refuse(`the local cloud runs no service for the action ${spec.type}`);
    },
  };
}
