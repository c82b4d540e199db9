// Commands in the sentences, lists and tables of README and docs: scripts that exist, with verbs and options that they take.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../support/folders.ts';
import { documents } from './document-blocks.ts';
import { root } from './tidegate.ts';

const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>;
};
/** They run programs of others, which have a help of their own. */
const FOREIGN = ['test', 'build', 'deploy', 'check', 'format'];

interface Command {
  readonly text: string;
  readonly script: string;
  /** What follows `--`, without `...` and the brackets of what may be left out. */
  readonly args: readonly string[];
  readonly documents: Set<string>;
}

/** `npm start` and `npm run ...` between backticks, each once, with the documents that have it. */
function inlineCommands(): Command[] {
  const byText = new Map<string, Command>();
  for (const document of documents()) {
    const page = readFileSync(path.join(root, document), 'utf8').replaceAll(/^ *```[^]*?^ *```/gm, '');
    for (const [, code] of page.matchAll(/`([^`]+)`/g)) {
      const text = code!.replaceAll(/\s+/g, ' ').replaceAll('\\|', '|');
      const found = /^npm (?:(start|test)|run (?:-s )?(\w+))(?: --(?: (.*))?)?$/.exec(text);
      if (found === null) continue;
      const [, short, long, rest = ''] = found;
      const script = short ?? long!;
      const words = rest.replace(/ > \S+$/, '').matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g);
      const args = [...words]
        .map(([, double, single, bare]) => double ?? single ?? bare!.replaceAll(/^\[|\]$/g, ''))
        .filter((word) => word !== '...');
      const command = byText.get(text) ?? { text, script, args, documents: new Set() };
      command.documents.add(document);
      byText.set(text, command);
    }
  }
  return [...byText.values()];
}

const commands = inlineCommands();
const where = (command: Command) => [...command.documents].join(', ');

test('the documents name commands, and each is a script of package.json', () => {
  assert.ok(commands.length > 40, String(commands.length));
  const unknown = commands.filter(({ script }) => scripts[script] === undefined);
  assert.deepEqual(
    unknown.map((command) => `${where(command)}: ${command.text}`),
    [],
  );
});

const cwd = temporaryFolder();
const asked = commands.filter(({ script, args }) => args.length > 0 && !FOREIGN.includes(script));
for (const command of asked) {
  test(`${where(command)}: ${command.text} has a verb and options that exist`, () => {
    const program = scripts[command.script]!.replace(/^.*exec node /, '').split(' ');
    const files = program.map((word) => (/\.c?[jt]s$/.test(word) ? path.join(root, word) : word));
    const { status, stdout, stderr } = spawnSync(process.execPath, [...files, ...command.args, '--help'], {
      cwd,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^usage: /m);
    const verbs = [...stdout.matchAll(/^(?:usage: +| +)npm run \w+ -- ([a-z]+)\b/gm)].map(([, verb]) => verb);
    const used = (command.args[0] ?? '').split('|').filter((word) => /^[a-z]+$/.test(word));
    if (verbs.length > 0)
      assert.deepEqual(
        used.filter((verb) => !verbs.includes(verb)),
        [],
        stdout,
      );
  });
}
