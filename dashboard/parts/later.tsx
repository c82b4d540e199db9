// A view whose code is loaded when it is opened.

import { useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { StateBox } from './state-box.tsx';

const loaded = new Map<string, ComponentType<never>>();

export function Later<Props extends object>({
  name,
  load,
  with: props,
}: {
  name: string;
  load: () => Promise<ComponentType<Props>>;
  with: Props;
}) {
  const failed = useSignal<Error | undefined>(undefined);
  const isThere = useSignal(loaded.has(name));
  useEffect(() => {
    if (isThere.value) return;
    load().then(
      (view) => {
        loaded.set(name, view as ComponentType<never>);
        isThere.value = true;
      },
      (error: Error) => {
        failed.value = error;
      },
    );
  }, []);
  if (failed.value)
    return (
      <StateBox
        title="This view did not load"
        code={String(failed.value)}
        actions={
          <button class="btn go" onClick={() => location.reload()}>
            Load the page again
          </button>
        }
      >
        The page's server cannot be reached, or it has a newer version of the page.
      </StateBox>
    );
  const View = loaded.get(name) as ComponentType<Props> | undefined;
  return isThere.value && View ? <View key={name} {...props} /> : <div aria-busy="true" />;
}
