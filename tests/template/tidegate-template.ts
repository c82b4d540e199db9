// The real template.yaml with the settings of this machine, or others.
import path from 'node:path';
import { loadTemplate } from '../../packages/local-cloud/template/load.ts';
import type { ResolvedTemplate } from '../../packages/local-cloud/template/resolved.ts';
import { ground } from '../../packages/local-cloud/tests/template/fixture.ts';

const root = path.resolve(import.meta.dirname, '../..');

export const loadTidegate = (overrides: Readonly<Record<string, string>> = {}): ResolvedTemplate =>
  loadTemplate({
    ...ground,
    file: path.join(root, 'template.yaml'),
    samconfigFile: path.join(root, 'samconfig.toml'),
    environment: 'local',
    overrides,
  });
