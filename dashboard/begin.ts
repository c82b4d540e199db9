// The page begins here, with the little that leads to a login or past it: a page that leaves for a login runs nothing else.

import { mayLeave } from './data/login.ts';
import { openPage } from './data/opening.ts';

async function begin(): Promise<void> {
  const isSettled = !mayLeave();
  const opening = openPage();
  // What it fails with is shown by the views.
  if (!isSettled) await opening.catch(() => undefined);
  const { start } = await import('./main.tsx');
  await start(opening);
}

begin().catch((error: unknown) => {
  document.body.textContent = `The page did not load: ${String(error)}. Load it again.`;
});
