// Replaces `template/load.ts` in a world: a template that was read once is not read again for every start.

import { loadTemplate as load } from '../template/load.ts';

export * from '../template/load.ts';

const loaded = new Map<string, ReturnType<typeof load>>();

export function loadTemplate(options: Parameters<typeof load>[0]): ReturnType<typeof load> {
  const { file, overrides, defaults, environment, stackName } = options;
  const key = JSON.stringify([file, overrides, defaults, environment, stackName]);
  const known = loaded.get(key);
  if (known) return known;
  const template = load(options);
  loaded.set(key, template);
  return template;
}
