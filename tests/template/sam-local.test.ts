// `sam local invoke` resolves the template on its own: every variable of every function must come out as on AWS.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { functionsOf } from '../../packages/local-cloud/template/functions.ts';
import { samConditions, samVariables } from './sam-resolver.ts';
import { loadTidegate } from './tidegate-template.ts';

const text = readFileSync(new URL('../../template.yaml', import.meta.url), 'utf8');
/** As CloudFormation resolves it, with the parameters' own defaults. */
const deployed = loadTidegate({ IngestMode: 'stream', AlertEmail: '', AlertPhone: '', AllowGuests: 'false' });
const functions = functionsOf(deployed);

test('the SAM CLI finds a value for every variable of every function', () => {
  const found = samVariables(text);
  assert.deepEqual(new Set(found.keys()), new Set(functions.map(({ logicalId }) => logicalId)));
  for (const { logicalId, environment } of functions) {
    const variables = found.get(logicalId)!;
    assert.deepEqual(Object.keys(variables).sort(), Object.keys(environment).sort(), logicalId);
    const empty = Object.keys(variables).filter((name) => variables[name] === '' && environment[name] !== '');
    assert.deepEqual(empty, [], logicalId);
  }
});

test('the SAM CLI resolves values without a resource name as CloudFormation does', () => {
  const resources = new Set(deployed.resources.keys());
  for (const { logicalId, environment } of functions) {
    for (const [name, value] of Object.entries(samVariables(text).get(logicalId)!)) {
      // The SAM CLI has an account of its own for what names one.
      const here = value.replaceAll('123456789012', '000000000000');
      if (!resources.has(value)) assert.equal(here, environment[name], `${logicalId} ${name}`);
    }
  }
});

test('conditions are true and false for the SAM CLI as for CloudFormation, to which each number is text', () => {
  const asText = text.replace(/^( {4}Default: )(-?[\d.]+)$/gm, "$1'$2'");
  assert.notEqual(asText, text);
  assert.deepEqual(samConditions(text), samConditions(asText));
  assert.equal(samConditions(text)['IngestsDirectly'], true);
});

test('a number as the key of a mapping leaves the variable empty, and one compared with text differs', () => {
  const unquoted = text.replace(/Default: '(\d+)'/g, 'Default: $1');
  assert.notEqual(unquoted, text);
  assert.equal(samVariables(unquoted).get('IngestFunction')!['MAX_LATENESS_SECONDS'], '');
  assert.equal(samConditions(unquoted)['ReservesConcurrency'], true);
});
