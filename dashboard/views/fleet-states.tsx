// The fleet view without devices: while it loads, before there are any, and when it cannot load.

import type { ApiError } from '../data/api-error.ts';
import { linkTo } from '../model/route.ts';
import { Failure, StateBox } from '../parts/state-box.tsx';

const START = 'npm run device -- create my-sensor --local';

export const Loading = () => (
  <div aria-busy="true">
    <p class="vh" role="status">
      Loading
    </p>
    <div class="headrow">
      <h1>Fleet</h1>
    </div>
    <div class="tiles late">
      {Array.from({ length: 6 }, (_, index) => (
        <div class="tile wait" key={index}>
          <span class="bone w1" />
          <span class="bone w2" />
          <span class="bone w3" />
        </div>
      ))}
    </div>
  </div>
);

export const Empty = () => (
  <>
    <div class="headrow">
      <h1>Fleet</h1>
    </div>
    <StateBox
      title="No device yet"
      code={START}
      actions={
        <a class="btn go" href={linkTo('add')}>
          Add a device
        </a>
      }
    >
      Connect one, or start the demo fleet with <span class="mono">npm start</span>. Its first reading appears
      here automatically.
    </StateBox>
  </>
);

export function NotLoaded({ error, retry }: { error: ApiError; retry: () => void }) {
  return (
    <>
      <div class="headrow">
        <h1>Fleet</h1>
      </div>
      <Failure
        what="The list of devices did not load"
        error={error}
        spared="Readings are still being stored; only this page cannot show them. It retries automatically."
        retry={retry}
      />
    </>
  );
}
