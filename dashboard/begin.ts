// The page's entry point. It loads only what the login needs, so that a page that redirects to the login runs nothing else.

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
