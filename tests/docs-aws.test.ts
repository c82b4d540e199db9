// What the documents say about AWS: commands that the AWS CLI takes, and parameters and outputs that the templates have.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { documents, plainBlocks } from './e2e/document-blocks.ts';
import { testIf } from './support/conditions.ts';
import { callsOf } from './support/shell-words.ts';

const root = path.resolve(import.meta.dirname, '..');
const TEMPLATES = ['template.yaml', 'domain.yaml', 'dns.yaml', 'account.yaml'];
/** These need version 2 of the AWS CLI, and the documents say so. */
const VERSION_2 = ['configure export-credentials'];

/** Names in angle brackets that are not those of a template. */
const OTHERS = ['DevEUI'];

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

/** What is between backticks outside of blocks, on one line each. */
const inlineCode = (document: string) =>
  [
    ...read(document)
      .replaceAll(/^ *```[^]*?^ *```/gm, '')
      .matchAll(/`([^`]+)`/g),
  ].map(([, code]) => code!.replaceAll(/\s+/g, ' '));

interface Call {
  readonly source: string;
  readonly words: readonly string[];
  /** Between backticks, where an operation may be named without its options. */
  readonly isInline: boolean;
}

/** The calls of the AWS CLI in blocks and between backticks, and those of the comments in templates. */
function callsOfAws(): Call[] {
  const inDocuments = documents().flatMap((source) => {
    const blocks = plainBlocks(source).flatMap(({ text }) => callsOf('aws', text));
    const inline = inlineCode(source).flatMap((code) => callsOf('aws', code.replaceAll(' ...', '')));
    return [
      ...blocks.map((words) => ({ source, words, isInline: false })),
      ...inline.map((words) => ({ source, words, isInline: true })),
    ];
  });
  const inTemplates = TEMPLATES.flatMap((source) => {
    const comments = [...read(source).matchAll(/^# ?(.*)$/gm)].map(([, comment]) => comment!).join('\n');
    return callsOf('aws', comments).map((words) => ({ source, words, isInline: false }));
  });
  return [...inDocuments, ...inTemplates];
}

const calls = callsOfAws();

test('each aws command of a block is found, in pipes and substitutions too', () => {
  const missed = documents()
    .flatMap(plainBlocks)
    .filter(
      ({ text }) => [...text.matchAll(/(?<=^|[\s("|&])aws [a-z]/g)].length !== callsOf('aws', text).length,
    );
  assert.deepEqual(missed, []);
});

/** The Python that runs the AWS CLI, if its models can be imported: version 1, or version 2 from a package of a system. */
function pythonOfAws(): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const program = path.join(folder, 'aws');
    if (!existsSync(program)) continue;
    const [, python] = /^#!(\S*python\S*)/.exec(readFileSync(program, 'latin1').slice(0, 200)) ?? [];
    return python;
  }
  return undefined;
}

const python = pythonOfAws();
/** `ID` and `<code>` are shorter than what they mean. */
const isOfPlaceholder = (error: string) => error.startsWith('Invalid length for parameter');

testIf(python !== undefined, 'the AWS CLI is not installed, or is not a Python program')(
  'the AWS CLI takes every aws command of the documents',
  () => {
    assert.ok(calls.length > 70, String(calls.length));
    const program = path.join(root, 'tests/support/aws-command-check.py');
    const input = JSON.stringify(calls.map(({ words }) => words));
    const errors = JSON.parse(execFileSync(python!, [program], { input, encoding: 'utf8' })) as (
      string | null
    )[];
    const refused = calls.flatMap(({ source, words, isInline }, index) => {
      const error = errors[index]!;
      const text = words.join(' ');
      const isExpected =
        error === null ||
        isOfPlaceholder(error) ||
        (isInline && error.includes('arguments are required')) ||
        VERSION_2.some((command) => text.startsWith(command));
      return isExpected ? [] : [`${source}: aws ${text}: ${error.slice(-300)}`];
    });
    assert.deepEqual(refused, []);
  },
);

test('the documents mark commands of version 2 of the AWS CLI', () => {
  const pages = calls
    .filter(({ words }) => VERSION_2.some((command) => words.join(' ').startsWith(command)))
    .map(({ source }) => source);
  assert.ok(pages.length > 0);
  for (const page of pages) assert.match(read(page), /version 2 of the\s+AWS CLI/, page);
});

interface Parameter {
  readonly Type: string;
  readonly AllowedValues?: readonly unknown[];
  readonly AllowedPattern?: string;
  readonly MinValue?: number;
  readonly MaxValue?: number;
}

const templates = new Map(
  TEMPLATES.map((file) => {
    const { Parameters = {}, Outputs = {} } = parse(read(file), { logLevel: 'silent' }) as {
      Parameters?: Record<string, Parameter>;
      Outputs?: Record<string, unknown>;
    };
    return [file, { parameters: Parameters, outputs: Outputs }];
  }),
);
const parametersOf = (files: readonly string[]) =>
  Object.assign({}, ...files.map((file) => templates.get(file)!.parameters)) as Record<string, Parameter>;
const outputs = new Set([...templates.values()].flatMap((template) => Object.keys(template.outputs)));
const allParameters = parametersOf(TEMPLATES);

/** What is wrong with `Key=Value`, or nothing. */
function problemOf(assignment: string, parameters: Readonly<Record<string, Parameter>>): string | undefined {
  const [, key, value] = /^(\w+)=(.*)$/s.exec(assignment) ?? [];
  const parameter = parameters[key!];
  if (parameter === undefined) return `${assignment}: there is no such parameter`;
  const { Type, AllowedValues, AllowedPattern = '', MinValue, MaxValue } = parameter;
  // An ellipsis, and a name in the place of the value.
  if (value!.includes('...') || value === '') return undefined;
  const pattern = new RegExp(AllowedPattern);
  const isTaken =
    (AllowedValues === undefined || AllowedValues.map(String).includes(value!)) &&
    (Type === 'CommaDelimitedList' ? value!.split(',') : [value!]).every((item) => pattern.test(item)) &&
    (MinValue === undefined || Number(value) >= MinValue) &&
    (MaxValue === undefined || Number(value) <= MaxValue);
  return isTaken ? undefined : `${assignment}: the parameter does not take this value`;
}

/** The words after `--parameter-overrides`, to the next option. */
function overridesIn(words: readonly string[]): readonly string[] {
  const begin = words.indexOf('--parameter-overrides');
  if (begin === -1) return [];
  const rest = words.slice(begin + 1);
  const end = rest.findIndex((word) => word.startsWith('--'));
  return end === -1 ? rest : rest.slice(0, end);
}

/** Which templates a command gives its parameters to: those of this repository, or none of them. */
function templatesOf(program: string, words: readonly string[]): readonly string[] {
  if (program === 'aws') return [words[words.indexOf('--template-file') + 1]!];
  if (words.includes('--template')) return [];
  if (program === 'npm' && words[1] === 'dns') return ['dns.yaml'];
  return program === 'npm' ? ['template.yaml', 'domain.yaml'] : ['template.yaml'];
}

test('a parameter that a command sets is one of its template, which takes the value', () => {
  const texts = documents().flatMap((source) => [
    ...plainBlocks(source).map(({ text }) => ({ source, text })),
    ...inlineCode(source).map((text) => ({ source, text })),
  ]);
  const found = texts.flatMap(({ source, text }) =>
    ['aws', 'sam', 'npm'].flatMap((program) =>
      callsOf(program, text).flatMap((words) =>
        overridesIn(words)
          .filter((word) => word !== 'Key=Value')
          .map((word) => ({ source, problem: problemOf(word, parametersOf(templatesOf(program, words))) })),
      ),
    ),
  );
  assert.ok(found.length > 20, String(found.length));
  assert.deepEqual(
    found.filter(({ problem }) => problem !== undefined),
    [],
  );
});

test('a parameter with a value in a sentence is one of a template, which takes it', () => {
  const wrong = documents()
    .filter((source) => !source.startsWith('packages/'))
    .flatMap((source) =>
      inlineCode(source)
        .filter((code) => /^[A-Z][A-Za-z0-9]+=/.test(code))
        .flatMap((code) => code.split(' '))
        .map((assignment) => problemOf(assignment, allParameters))
        .filter((problem) => problem !== undefined)
        .map((problem) => `${source}: ${problem}`),
    );
  assert.deepEqual(wrong, []);
});

test('a name in angle brackets is an output or a parameter of a template', () => {
  const unknown = documents()
    .filter((source) => !source.startsWith('packages/'))
    .flatMap((source) =>
      [...read(source).matchAll(/<([A-Z][A-Za-z]+)>/g)]
        .map(([, name]) => name!)
        .filter((name) => !outputs.has(name) && allParameters[name] === undefined && !OTHERS.includes(name))
        .map((name) => `${source}: ${name}`),
    );
  assert.deepEqual(unknown, []);
});

test('each output that the documents name exists', () => {
  const unknown = documents()
    .filter((source) => !source.startsWith('packages/'))
    .flatMap((source) =>
      [...read(source).matchAll(/outputs? `(\w+)`(?: and\s+`(\w+)`)?/g)]
        .flatMap(([, one, two]) => [one!, ...(two === undefined ? [] : [two])])
        .filter((name) => !outputs.has(name))
        .map((name) => `${source}: ${name}`),
    );
  assert.deepEqual(unknown, []);
});
