// The real template.yaml with the settings of this machine, or others.

import path from 'node:path';
import { loadTemplate, type LoadOptions } from '../../packages/local-cloud/template/load.ts';
import type { ResolvedTemplate } from '../../packages/local-cloud/template/resolved.ts';
import { stackDefaults } from '../../packages/local-cloud/tests/template/fixture.ts';

const root = path.resolve(import.meta.dirname, '../..');
const loaded = new Map<string, ResolvedTemplate>();

/** Loads a template once for the same options: that takes longer than most tests, and no test changes what was loaded. */
export function loadOnce(options: LoadOptions): ResolvedTemplate {
  const key = JSON.stringify(options);
  const template = loaded.get(key) ?? loadTemplate(options);
  loaded.set(key, template);
  return template;
}

export const loadTidegate = (
  overrides: Readonly<Record<string, string>> = {},
  environment = 'local',
): ResolvedTemplate =>
  loadOnce({
    ...stackDefaults,
    file: path.join(root, 'template.yaml'),
    samconfigFile: path.join(root, 'samconfig.toml'),
    environment,
    overrides,
  });
