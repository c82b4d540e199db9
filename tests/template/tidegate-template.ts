// The real template.yaml with the settings of this machine, or others.
import path from 'node:path';
import { loadTemplate } from '../../packages/local-cloud/template/load.ts';
import type { ResolvedTemplate } from '../../packages/local-cloud/template/resolved.ts';
import { ground } from '../../packages/local-cloud/tests/template/fixture.ts';

/** Reading it takes longer than most tests; nobody changes what was read. */
const loaded = new Map<string, ResolvedTemplate>();
const root = path.resolve(import.meta.dirname, '../..');

export function loadTidegate(overrides: Readonly<Record<string, string>> = {}): ResolvedTemplate {
  const key = JSON.stringify(overrides);
  const known = loaded.get(key);
  if (known) return known;
  const template = loadTemplate({
    ...ground,
    file: path.join(root, 'template.yaml'),
    samconfigFile: path.join(root, 'samconfig.toml'),
    environment: 'local',
    overrides,
  });
  loaded.set(key, template);
  return template;
}
