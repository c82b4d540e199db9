// The page begins here, with the little that leads to a login or past it: a page that leaves for a login runs nothing else.

import { openPage } from './data/opening.ts';

async function begin(): Promise<void> {
  const opening = openPage();
  await opening.catch(() => undefined); // the views show why it failed
  const { start } = await import('./main.tsx');
  await start(opening);
}

begin().catch((error: unknown) => {
  document.body.textContent = `The page did not load: ${String(error)}. Load it again.`;
});
