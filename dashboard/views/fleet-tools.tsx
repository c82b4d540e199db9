// The fleet view's search, filters and layout, which the address keeps.

import { type App, setQuery } from '../data/app.ts';
import { capital } from '../model/format.ts';
import type { Member } from '../parts/member.ts';

const sortedNames = (names: readonly (string | undefined)[]) =>
  [...new Set(names.map((name = '') => name))].filter((name) => name !== '').sort();

/** A button of a group, pressed while the parameter has its value. */
function Pick({ app, name, value, text }: { app: App; name: string; value?: string; text: string }) {
  const isPressed = (app.route.value.query[name] ?? '') === (value ?? '');
  return (
    <button aria-pressed={isPressed} onClick={() => setQuery(app, { [name]: value })}>
      {text}
    </button>
  );
}

function Select({
  app,
  name,
  all,
  values,
}: {
  app: App;
  name: string;
  all: string;
  values: readonly string[];
}) {
  if (values.length < 2) return null;
  return (
    <>
      <label class="vh" for={`filter-${name}`}>
        {capital(name)}
      </label>
      <select
        id={`filter-${name}`}
        value={app.route.value.query[name] ?? ''}
        onChange={(event) => setQuery(app, { [name]: event.currentTarget.value })}
      >
        <option value="">{all}</option>
        {values.map((value) => (
          <option key={value} value={value}>
            {capital(value)}
          </option>
        ))}
      </select>
    </>
  );
}

export function Tools({ app, members }: { app: App; members: readonly Member[] }) {
  return (
    <div class="tools">
      <label class="vh" for="search">
        Search devices
      </label>
      <input
        type="search"
        id="search"
        placeholder="Name, site or type"
        value={app.route.value.query['q'] ?? ''}
        onInput={(event) => setQuery(app, { q: event.currentTarget.value }, false)}
      />
      <span class="seg" role="group" aria-label="Show">
        <Pick app={app} name="show" text="All" />
        <Pick app={app} name="show" value="attention" text="Needs attention" />
      </span>
      <Select
        app={app}
        name="site"
        all="All sites"
        values={sortedNames(members.map(({ device }) => device.site))}
      />
      <Select
        app={app}
        name="type"
        all="All types"
        values={sortedNames(members.map(({ device }) => device.type))}
      />
      <span class="seg push" role="group" aria-label="Layout">
        <Pick app={app} name="as" text="Tiles" />
        <Pick app={app} name="as" value="rows" text="Rows" />
      </span>
    </div>
  );
}
