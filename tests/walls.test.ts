// Imports point one way: the linter is fed a forbidden import for each wall, and must refuse it.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from './support/folders.ts';

const root = path.resolve(import.meta.dirname, '..');
const config = JSON.parse(readFileSync(path.join(root, '.oxlintrc.json'), 'utf8')) as {
  overrides: { files: string[]; rules: Record<string, unknown> }[];
};

interface Wall {
  /** Folder of the importing file. */
  readonly from: string;
  readonly refused: readonly string[];
  readonly allowed: readonly string[];
}

const above = (up: string, ...rooms: string[]) => rooms.map((room) => `${up}${room}/x.ts`);
const ioModules = ['fs', 'node:fs/promises', 'node:net', 'node:child_process', 'node:process', 'node:http'];
const localCloud = (up: string) =>
  above(
    up,
    ...['core', 'pipeline', 'adapters', 'functions', 'device-sim', 'audit', 'bench', 'http-api', 'commands'],
  );

const walls: readonly Wall[] = [
  {
    from: 'core',
    refused: [
      ...above(
        '../',
        'pipeline',
        'adapters',
        'functions',
        'http-api',
        'audit',
        'commands',
        'device-sim',
        'bench',
        'tests',
      ),
      ...['../packages/local-cloud/clock.ts', '../packages/fast-fold/kernel.ts', '@tidegate/fast-fold'],
      ...[
        '../core/../adapters/x.ts',
        '@aws-sdk/client-s3',
        '@aws-lambda-powertools/logger',
        'hono',
        ...ioModules,
      ],
    ],
    allowed: ['./x.ts', './archive/x.ts', 'node:crypto', 'zod/mini', 'jsonata', 're2js'],
  },
  {
    from: 'core/archive',
    refused: [
      ...above('../../', 'pipeline', 'adapters'),
      '../../packages/local-cloud/clock.ts',
      ...ioModules,
    ],
    allowed: ['./x.ts', '../x.ts'],
  },
  {
    from: 'pipeline',
    refused: [
      ...above(
        '../',
        'adapters',
        'functions',
        'http-api',
        'audit',
        'commands',
        'device-sim',
        'bench',
        'tests',
      ),
      ...['../packages/local-cloud/clock.ts', '@aws-sdk/client-dynamodb', 'aws-lambda', ...ioModules],
    ],
    allowed: ['./x.ts', '../core/x.ts', 'node:crypto'],
  },
  {
    from: 'adapters',
    refused: [
      ...above('../', 'functions', 'http-api', 'audit', 'commands', 'device-sim', 'bench', 'tests'),
      ...['../pipeline/ingest.ts', '../packages/local-cloud/clock.ts', '@tidegate/local-cloud'],
    ],
    allowed: ['./x.ts', '../core/x.ts', '../pipeline/ports.ts', '@aws-sdk/client-dynamodb'],
  },
  {
    from: 'http-api',
    refused: [
      ...above('../', 'adapters', 'functions', 'audit', 'commands', 'device-sim', 'bench', 'tests'),
      '../packages/local-cloud/http-api/gateway.ts',
      ...['@aws-sdk/client-s3', 'node:child_process', 'esbuild'],
    ],
    allowed: ['./x.ts', '../core/x.ts', '../pipeline/ports.ts', 'hono'],
  },
  {
    from: 'functions',
    refused: [
      ...above('../', 'audit', 'commands', 'device-sim', 'bench', 'tests'),
      ...['../packages/local-cloud/clock.ts', '@tidegate/local-cloud', '@tidegate/fast-fold'],
    ],
    allowed: above('../', 'core', 'pipeline', 'adapters', 'http-api'),
  },
  {
    from: 'commands',
    refused: [
      ...above('../', 'functions', 'http-api', 'audit', 'device-sim', 'bench', 'tests', 'packages'),
      ...['@tidegate/local-cloud', '@tidegate/fast-fold'],
    ],
    allowed: [...above('../', 'core', 'pipeline', 'adapters'), './x.ts', 'yaml', 'node:fs'],
  },
  {
    from: 'audit',
    refused: [
      ...above(
        '../',
        'functions',
        'http-api',
        'pipeline',
        'commands',
        'device-sim',
        'bench',
        'tests',
        'packages',
      ),
      '@tidegate/local-cloud/clock.ts',
    ],
    allowed: [
      ...above('../', 'core', 'adapters'),
      ...['../commands/running-stack.ts', '@tidegate/fast-fold', 'node:fs'],
    ],
  },
  {
    from: 'device-sim',
    refused: above(
      '../',
      'core',
      'core/formats',
      'pipeline',
      'adapters',
      'functions',
      'http-api',
      'audit',
      'commands',
      'tests',
      'packages',
    ),
    allowed: [
      ...['./x.ts', '@aws-sdk/client-iot', 'mqtt'],
      ...['../commands/api.ts', '../commands/listing.ts', '../commands/running-stack.ts'],
      ...['../core/amazon-roots.ts', '../core/in-parallel.ts', '../core/thing-names.ts'],
    ],
  },
  {
    from: 'dashboard/views',
    refused: [
      ...above(
        '../../',
        'pipeline',
        'adapters',
        'functions',
        'http-api',
        'audit',
        'commands',
        'device-sim',
        'bench',
        'tests',
        'packages',
      ),
      ...['@tidegate/local-cloud', '@aws-sdk/client-s3', 'node:crypto', ...ioModules],
    ],
    allowed: [
      ...['./x.tsx', '../model/x.ts', '../data/x.ts', '../../core/x.ts', 'preact', 'preact/hooks'],
      ...['@preact/signals', '@peculiar/x509', 'aws4fetch', 'mqtt', 'uplot'],
    ],
  },
  {
    from: 'dashboard',
    refused: [
      ...above('../', 'pipeline', 'adapters', 'functions', 'http-api', 'device-sim', 'tests', 'packages'),
      ...['@tidegate/local-cloud', 'node:child_process', 'hono'],
    ],
    allowed: ['./model/x.ts', '../core/x.ts', 'esbuild', 'node:fs', 'node:path', '@aws-sdk/client-s3'],
  },
  {
    from: 'bench/chaos',
    refused: [
      ...above(
        '../../',
        'core',
        'pipeline',
        'adapters',
        'functions',
        'http-api',
        'audit',
        'commands',
        'tests',
        'packages',
      ),
      ...['@tidegate/local-cloud', '@tidegate/fast-fold'],
    ],
    allowed: ['./x.ts', '../../device-sim/x.ts', 'decimal.js', 'mqtt', '@aws-sdk/client-dynamodb'],
  },
  {
    from: 'world',
    refused: [
      ...above('../', 'core', 'pipeline', 'adapters', 'functions', 'http-api', 'device-sim', 'tests'),
      ...['../packages/fast-fold/x.ts', '../packages/local-cloud/mqtt/x.ts', '@tidegate/local-cloud'],
    ],
    allowed: ['./x.ts', '../bench/chaos/x.ts', '../packages/local-cloud/world/x.ts', 'mqtt-packet'],
  },
  {
    from: 'bench/drill',
    refused: [
      ...above(
        '../../',
        'core',
        'pipeline',
        'adapters',
        'functions',
        'http-api',
        'audit',
        'commands',
        'tests',
        'packages',
      ),
      ...['@tidegate/local-cloud', '@tidegate/fast-fold'],
    ],
    allowed: ['./x.ts', '../chaos/x.ts', '../../device-sim/x.ts', 'decimal.js', 'dns-packet'],
  },
  {
    from: 'packages/local-cloud',
    refused: [
      ...localCloud('../../'),
      './iot/../../fast-fold/x.ts',
      '../fast-fold/x.ts',
      './tests/x.ts',
      '../../template.ts',
    ],
    allowed: ['./http-api/x.ts', './clock.ts', 'node:net'],
  },
  {
    from: 'packages/local-cloud/http-api',
    refused: [...localCloud('../../../'), '../../fast-fold/x.ts', '../tests/x.ts'],
    allowed: ['../clock.ts', '../aws/x.ts', './x.ts'],
  },
  {
    from: 'packages/local-cloud/tests/iot',
    refused: [
      ...localCloud('../../../../'),
      ...[
        '../../../../tests/e2e/x.ts',
        '../../../../local.ts',
        '../../../../x.ts',
        '../../../fast-fold/x.ts',
      ],
      ...['./../../../../core/x.ts', '../mqtt/../../../../core/x.ts', '@tidegate/fast-fold'],
    ],
    allowed: [
      ...[
        './x.ts',
        '../mqtt/x.ts',
        '../fuzzing.ts',
        '../../clock.ts',
        '../../iot/x.ts',
        '../../http-api/x.ts',
      ],
      ...['../../../../tests/support/x.ts', 'mqtt', 'node:fs'],
    ],
  },
  {
    from: 'packages/fast-fold',
    refused: [...above('../../', 'core', 'adapters', 'audit', 'pipeline'), '../local-cloud/clock.ts'],
    allowed: ['./x.ts', 'node:crypto'],
  },
];

/** Out of every room of the product: files at the root, code that is not ours, and detours. */
const outside = (from: string) => {
  const up = '../'.repeat(from.split('/').length);
  return [
    ...[`${up}local.ts`, `${up}jest.config.ts`, `${up}events/x.ts`, `${up}docs/x.ts`, `${up}layers/x.ts`],
    ...[
      `${up}node_modules/esbuild/lib/main.js`,
      '/adapters/x.ts',
      'file:///adapters/x.ts',
      `./a/../${up}local.ts`,
    ],
  ];
};

/** The ways to import, of which each must be refused. */
const forms = [
  (specifier: string) => `import x from '${specifier}';\nconsole.log(x);\n`,
  (specifier: string) => `export type { X } from '${specifier}';\n`,
  (specifier: string) => `console.log(await import('${specifier}'));\n`,
];

interface Probe {
  readonly wall: Wall;
  readonly specifier: string;
  readonly text: string;
  readonly isRefused: boolean;
}

const probes: readonly Probe[] = walls.flatMap((wall) => {
  const every = (specifiers: readonly string[], isRefused: boolean) =>
    specifiers.flatMap((specifier) =>
      forms.map((form) => ({ wall, specifier, text: form(specifier), isRefused })),
    );
  const isProduct = !wall.from.startsWith('packages/');
  const refused = isProduct ? [...wall.refused, ...outside(wall.from)] : wall.refused;
  return [...every(refused, true), ...every(wall.allowed, false)];
});

const circle = { 'core/one.ts': './two.ts', 'core/two.ts': './one.ts' };

/** What the linter says of the probes, by `overrides`. */
function lint(overrides: unknown[]): { readonly refused: ReadonlySet<Probe>; readonly circles: string[] } {
  const folder = temporaryFolder();
  try {
    writeFileSync(path.join(folder, '.oxlintrc.json'), JSON.stringify({ ...config, overrides }));
    for (const [index, { wall, text }] of probes.entries()) {
      mkdirSync(path.join(folder, wall.from), { recursive: true });
      writeFileSync(path.join(folder, wall.from, `probe-${index}.ts`), text);
    }
    for (const [file, other] of Object.entries(circle)) {
      writeFileSync(
        path.join(folder, file),
        `// ${file}\nimport { a } from '${other}';\nexport const b = a;\n`,
      );
    }
    const program = path.join(root, 'node_modules/.bin/oxlint');
    const { stdout, stderr } = spawnSync(program, ['--format', 'unix', '.'], {
      cwd: folder,
      encoding: 'utf8',
    });
    assert.equal(stderr, '');
    const refusals = stdout.matchAll(/probe-(\d+)\.ts:.*\(no-restricted-imports\)\]$/gm);
    const circles = stdout.matchAll(/^(.*?):.*\(no-cycle\)\]$/gm);
    return {
      refused: new Set([...refusals].map(([, index]) => probes[Number(index)]!)),
      circles: [...circles].map(([, file]) => file!).sort(),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const { refused, circles } = lint(config.overrides);

for (const wall of walls) {
  const own = probes.filter((probe) => probe.wall === wall);

  test(`${wall.from}/ imports nothing that its wall keeps out`, () => {
    const passed = own.filter((probe) => probe.isRefused && !refused.has(probe));
    assert.deepEqual(
      passed.map(({ text }) => text),
      [],
    );
  });

  test(`${wall.from}/ imports what it may`, () => {
    const stopped = own.filter((probe) => !probe.isRefused && refused.has(probe));
    assert.deepEqual(
      stopped.map(({ text }) => text),
      [],
    );
  });
}

test('without the walls every probe passes, so that it is the walls that refuse', () => {
  const open = config.overrides.filter(({ rules }) => !('no-restricted-imports' in rules));
  assert.equal(lint(open).refused.size, 0);
});

test('the files at the root are those that the walls keep out', () => {
  const files = readdirSync(root).filter((file) => file.endsWith('.ts'));
  assert.deepEqual(files.sort(), ['jest.config.ts', 'local.ts']);
});

test('a circle of imports is refused', () => {
  assert.deepEqual(circles, Object.keys(circle));
});

test('no wall has a look-ahead or look-behind, with which a pattern silently matches nothing', () => {
  assert.doesNotMatch(JSON.stringify(config.overrides), /\(\?<?[=!]/);
});
