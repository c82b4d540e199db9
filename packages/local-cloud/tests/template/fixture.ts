// Templates that a test writes out, loaded for a fixed stack.

import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { StartError } from '../../start-error.ts';
import { loadTemplate } from '../../template/load.ts';
import type { ResolvedTemplate } from '../../template/resolved.ts';

export interface Draft {
  /** Written beside the template, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly overrides?: Readonly<Record<string, string>>;
  readonly defaults?: Readonly<Record<string, string>>;
}

export const stackDefaults = { stackName: 'tidegate', region: 'us-east-1', accountId: '000000000000' };

/** The template of these tests that has a bit of everything. */
export const sampleFile = join(import.meta.dirname, 'sample.yaml');

export const loadSample = (overrides: Readonly<Record<string, string>> = {}): ResolvedTemplate =>
  loadTemplate({
    ...stackDefaults,
    file: sampleFile,
    samconfigFile: join(import.meta.dirname, 'none.toml'),
    environment: 'local',
    overrides,
  });

/** What `use` makes of the template `text`; messages of errors name the template `template.yaml`. */
export function withTemplate<T>(
  text: string | Uint8Array,
  draft: Draft,
  use: (template: ResolvedTemplate) => T,
): T {
  const folder = temporaryFolder();
  try {
    writeFileSync(join(folder, 'template.yaml'), text);
    for (const [name, content] of Object.entries(draft.files ?? {})) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    const template = loadTemplate({
      ...stackDefaults,
      file: join(folder, 'template.yaml'),
      samconfigFile: join(folder, 'samconfig.toml'),
      environment: 'local',
      overrides: draft.overrides ?? {},
      ...(draft.defaults && { defaults: draft.defaults }),
    });
    return use(template);
  } catch (error) {
    const plain = (text: string) => text.replaceAll(`${folder}/`, '');
    if (error instanceof Error) error.message = plain(error.message);
    if (error instanceof StartError) Object.assign(error, { problems: error.problems.map(plain) });
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const load = (text: string | Uint8Array, draft: Draft = {}): ResolvedTemplate =>
  withTemplate(text, draft, (template) => template);

/** Asserts that loading stops the start with exactly this line. */
export function assertRefused(text: string | Uint8Array, message: string, draft: Draft = {}): void {
  assert.throws(() => load(text, draft), { name: 'StartError', message });
}

/** As `assertRefused`, where the resource has other problems too. */
export function assertAmongRefused(text: string, message: string): void {
  assert.throws(
    () => load(text),
    (error: unknown) => error instanceof StartError && error.problems.includes(message),
  );
}

/** Indents a block, so that a test can put it under a key. */
export const indent = (text: string, by: number): string => text.replaceAll(/^(?=.)/gm, ' '.repeat(by));
