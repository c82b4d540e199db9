// On phones: the views that do not fit in the bottom bar.

import type { App } from '../data/app.ts';
import { linkTo } from '../model/route.ts';
import type { Entry } from '../parts/shell.tsx';
import { Icon } from '../parts/signs.tsx';

export const More = ({ app, entries }: { app: App; entries: readonly Entry[] }) => (
  <>
    <h1>More</h1>
    <nav class="list g4" aria-label="More">
      {entries.map(({ view, name, icon, says }) => (
        <a key={view} href={linkTo(view)}>
          <Icon name={icon} />
          <span class="t">{name}</span>
          <span />
          <span class="s">{says}</span>
        </a>
      ))}
    </nav>
    {app.session.name() !== undefined && <p class="dim g4">Logged in as {app.session.name()}</p>}
  </>
);
