// Parameter values: where they come from, and which values their declarations forbid.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { assertRefused, load } from './fixture.ts';

const template = (declaration: string) => `Parameters:
  P: ${declaration}
Resources:
  Bucket: { Type: AWS::S3::Bucket }
`;
const valueOf = (declaration: string, value?: string) =>
  load(template(declaration), value === undefined ? {} : { overrides: { P: value } }).parameters['P'];

test('a value is the override, else what samconfig.toml has, else the default', () => {
  const files = { 'samconfig.toml': '[local.deploy.parameters]\nparameter_overrides = "P=from-file"' };
  const text = template('{ Type: String, Default: default }');
  assert.equal(load(text).parameters['P'], 'default');
  assert.equal(load(text, { files }).parameters['P'], 'from-file');
  assert.equal(load(text, { files, overrides: { P: 'given' } }).parameters['P'], 'given');
});

test('a value of this machine replaces only the default, and only of an existing parameter', () => {
  const defaults = { P: 'here', Other: 'x' };
  const files = { 'samconfig.toml': '[local.deploy.parameters]\nparameter_overrides = "P=from-file"' };
  const text = template('{ Type: String, Default: default }');
  assert.deepEqual(load(text, { defaults }).parameters, { P: 'here' });
  assert.equal(load(text, { defaults, files }).parameters['P'], 'from-file');
  assert.equal(load(text, { defaults, overrides: { P: 'given' } }).parameters['P'], 'given');
});

const forms: readonly (readonly [toml: string, value: string])[] = [
  ['parameter_overrides = "P=1"', '1'],
  ['parameter_overrides = ["P=1"]', '1'],
  ['parameter_overrides = "Q=0 P=1"', '1'],
  ['parameter_overrides = ["Q=0", "P="]', ''],
  [`parameter_overrides = 'P="a b" Q=0'`, 'a b'],
  [`parameter_overrides = 'P="say \\"x\\"" Q=0'`, 'say "x"'],
  ['parameter_overrides = "ParameterKey=P,ParameterValue=1 Q=2"', '1'],
  ['parameter_overrides = "P=alerts@example.com,b=c"', 'alerts@example.com,b=c'],
];
for (const [toml, value] of forms) {
  test(`samconfig.toml may say ${toml}`, () => {
    const text = 'Parameters: { P: { Type: String }, Q: { Type: String, Default: x } }\nResources: {}\n';
    const files = { 'samconfig.toml': `version = 0.1\n[local.deploy.parameters]\n${toml}\n` };
    assert.equal(load(text, { files }).parameters['P'], value);
  });
}

test('the global section of an environment is read where deploy has none', () => {
  const files = { 'samconfig.toml': '[local.global.parameters]\nparameter_overrides = "P=1"' };
  assert.equal(load(template('{ Type: String }'), { files }).parameters['P'], '1');
});

test('other environments of samconfig.toml have no say', () => {
  const files = { 'samconfig.toml': '[default.deploy.parameters]\nparameter_overrides = "P=1"' };
  assert.equal(load(template('{ Type: String, Default: 2 }'), { files }).parameters['P'], '2');
});

const badToml: readonly (readonly [toml: string, message: string])[] = [
  [
    '[local.deploy.parameters]\nparameter_overrides = "P"',
    'samconfig.toml parameter_overrides of [local] has "P", which is not of the form Key=Value',
  ],
  [
    '[local.deploy.parameters]\nparameter_overrides = 5',
    'samconfig.toml parameter_overrides of [local] must be text or a list of texts',
  ],
  [
    '[local.deploy.parameters]\nparameter_overrides = "Q=1"',
    'samconfig.toml sets Q, which is not a parameter of template.yaml: it has P',
  ],
  ['a = \n', 'samconfig.toml:1:5: is not TOML: invalid value'],
];
for (const [toml, message] of badToml) {
  test(`samconfig.toml is refused for ${JSON.stringify(toml)}`, () => {
    assertRefused(template('{ Type: String, Default: 1 }'), message, { files: { 'samconfig.toml': toml } });
  });
}

const allowed: readonly (readonly [declaration: string, value: string])[] = [
  ['{ Type: Number, MinValue: -5, MaxValue: 5 }', '-5'],
  ['{ Type: Number }', '1e3'],
  ['{ Type: String, AllowedValues: [1, 2] }', '2'],
  ["{ Type: String, AllowedPattern: '^$|a+' }", ''],
  ['{ Type: String, MinLength: 2, MaxLength: 2 }', 'ab'],
  ['{ Type: CommaDelimitedList, AllowedValues: [a, b] }', 'a, b'],
  ['{ Type: List<Number> }', '1,2'],
  ['{ Type: String, NoEcho: true }', '__proto__'],
];
for (const [declaration, value] of allowed) {
  test(`${declaration} takes ${JSON.stringify(value)}`, () =>
    assert.equal(valueOf(declaration, value), value));
}

const refused: readonly (readonly [declaration: string, value: string, reason: string])[] = [
  ['{ Type: Number }', 'x', 'must be a number'],
  ['{ Type: Number }', '', 'must be a number'],
  ['{ Type: Number }', 'Infinity', 'must be a number'],
  ['{ Type: Number, MinValue: 1 }', '0', 'must be at least 1'],
  ['{ Type: Number, MaxValue: 1 }', '2', 'must be at most 1'],
  ['{ Type: String, AllowedValues: [a, b] }', 'c', 'must be one of a, b'],
  ["{ Type: String, AllowedPattern: '[a-z]+' }", 'aB', 'must match [a-z]+'],
  ['{ Type: String, MinLength: 2 }', 'a', 'must be at least 2 characters long'],
  ['{ Type: String, MaxLength: 2 }', 'abc', 'must be at most 2 characters long'],
  ["{ Type: String, AllowedPattern: 'a', ConstraintDescription: must be an a }", 'b', 'must be an a'],
  ['{ Type: List<Number> }', '1,x', 'must be a number'],
  ['{ Type: CommaDelimitedList, AllowedValues: [a] }', 'a,b', 'must be one of a'],
];
for (const [declaration, value, reason] of refused) {
  test(`${declaration} refuses ${JSON.stringify(value)}`, () => {
    const message = `template.yaml:2: parameter P is ${JSON.stringify(value)} (from --parameter-overrides) but ${reason}`;
    assertRefused(template(declaration), message, { overrides: { P: value } });
  });
}

test('a default that its own declaration forbids is refused', () => {
  const text = template('{ Type: Number, Default: 0, MinValue: 1 }');
  assertRefused(text, 'template.yaml:2: parameter P is "0" but must be at least 1');
});

test('a parameter without a value says how to give one', () => {
  const remedy = 'start with --parameter-overrides P=...';
  assertRefused(
    template('{ Type: String }'),
    `template.yaml:2: parameter P has no value and no default: ${remedy}`,
  );
});

test('an override that names no parameter is refused', () => {
  const message = '--parameter-overrides sets Maximum, which is not a parameter of template.yaml: it has P';
  assertRefused(template('{ Type: String, Default: 1 }'), message, { overrides: { Maximum: '5' } });
});

const declarations: readonly (readonly [declaration: string, message: string])[] = [
  ['{ Default: 1 }', 'parameter P needs a Type'],
  [
    '{ Type: AWS::SSM::Parameter::Value<String>, Default: x }',
    'parameter type AWS::SSM::Parameter::Value<String> is not supported: use String, Number, CommaDelimitedList, List<Number>, AWS::Route53::HostedZone::Id',
  ],
  ["{ Type: String, Default: a, AllowedPattern: '[' }", 'AllowedPattern [ is not a regular expression'],
  ['{ Type: Number, Default: 1, MinValue: low }', 'MinValue must be a number'],
  [
    '{ Type: String, Defualt: 1 }',
    'parameter P has no Defualt: it may have Type, Default, Description, AllowedPattern, AllowedValues, ConstraintDescription, MaxLength, MaxValue, MinLength, MinValue, NoEcho',
  ],
];
for (const [declaration, message] of declarations) {
  test(`a parameter ${declaration} is refused`, () =>
    assertRefused(template(declaration), `template.yaml:2: ${message}`));
}

const rule = (assert: string, condition = '') => `Parameters:
  Days: { Type: Number, Default: 8 }
Rules:
  Enough:
${condition}    Assertions:
      - Assert: ${assert}
        AssertDescription: Days must do
Resources: {}
`;
const held = [
  "!Contains [['8', '9'], !Ref Days]",
  "!Not [!Contains [['9'], !Ref Days]]",
  '!EachMemberEquals [[!Ref Days], 8]',
  '!EachMemberIn [[!Ref Days], [7, 8]]',
  "!Or [!Equals [!Ref Days, '7'], !Equals [!Ref Days, '8']]",
];
for (const assertion of held) {
  test(`the rule ${assertion} holds for 8 days`, () =>
    assert.deepEqual(load(rule(assertion)).parameters, { Days: '8' }));
}

test('a rule that does not hold stops the start with its description', () => {
  assertRefused(rule('!Equals [!Ref Days, 9]'), 'template.yaml:6: rule Enough: Days must do');
});

test('a rule whose condition is false needs nothing', () => {
  load(rule('!Equals [!Ref Days, 9]', '    RuleCondition: !Equals [!Ref Days, 1]\n'));
});
