// `local-cloud rule explain` as a person runs it: a process of its own, beside a template.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';

describe('local-cloud rule', () => {
  const cli = path.resolve(import.meta.dirname, '../../cli.ts');
  const cwd = path.resolve(import.meta.dirname, '../template');
  const run = (args: string[], input: string | Buffer = '') =>
    spawnSync(process.execPath, [cli, 'rule', '--template', 'sample.yaml', ...args], {
      cwd,
      input,
      encoding: 'utf8',
    });

  it('says that no rule gets a payload that the broker refuses', () => {
    const { stderr, status } = run(['explain', 'TelemetryRule', '-', '--topic', 'a'], Buffer.alloc(131_073));
    assert.equal(status, 1);
    assert.equal(
      stderr,
      '-: a payload of 131073 bytes reaches no rule: the broker refuses more than 131072\n',
    );
  });
  it('explains a rule of a template without a running stack, and names the rules that fire instead', () => {
    const { stdout, status } = run(
      ['explain', 'TelemetryRule', '-', '--topic', 'telemetry/seattle/s1', '--client-id', 'c1'],
      '',
    );
    assert.equal(status, 0);
    assert.match(stdout, /^Rule TelemetryRule\nMessage on telemetry\/seattle\/s1 from client c1: 0 bytes/);
    assert.match(stdout, /\nThe same message fires EmptyRule\.\n$/);
  });

  it('explains a statement without a template', () => {
    const sql = "SELECT v * 2 AS w FROM 'a/+' WHERE v > 1";
    const result = spawnSync(
      process.execPath,
      [cli, 'rule', 'explain', '--sql', sql, '-', '--topic', 'a/b'],
      {
        ...{ cwd: '/', input: '{"v":3}', encoding: 'utf8' },
      },
    );
    assert.equal(result.stderr, '');
    assert.match(result.stdout, /WHERE v > 1\n {2}true/);
    assert.match(result.stdout, /gives \{"w":6\}\n$/);
    const other = spawnSync(
      process.execPath,
      [cli, 'rule', 'explain', '--sql', 'SELECT', '-', '--topic', 'a'],
      {
        ...{ cwd: '/', input: '{}', encoding: 'utf8' },
      },
    );
    assert.equal(other.stderr, '--sql: SQL 1:7: expected a value, found the end\n');
  });

  const mistakes: [string, string[], RegExp][] = [
    [
      'a rule that is not there',
      ['explain', 'Nope', '-', '--topic', 'a'],
      /^no rule Nope in sample\.yaml; it has TelemetryRule, EmptyRule\n$/,
    ],
    [
      'a file that is not there',
      ['explain', 'TelemetryRule', 'none.json', '--topic', 'a'],
      /^none\.json: no such file; it must hold the payload of one message\n$/,
    ],
    [
      'no topic',
      ['explain', 'TelemetryRule', '-'],
      /^say with --topic where the message was published; usage: .*\n$/,
    ],
    [
      'a topic with a wildcard',
      ['explain', 'TelemetryRule', '-', '--topic', 'a/+'],
      /^--topic a\/\+: a wildcard.*\n$/,
    ],
    [
      'an unknown flag',
      ['explain', 'TelemetryRule', '-', '--tpoic', 'a'],
      /^Unknown option '--tpoic'.*; usage: .*\n$/,
    ],
    ['another command', ['show', 'TelemetryRule', '-', '--topic', 'a'], /^usage: .*\n$/],
  ];
  for (const [what, args, line] of mistakes) {
    it(`answers ${what} with one line`, () => {
      const { stderr, stdout, status } = run(args);
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, line);
    });
  }
});
