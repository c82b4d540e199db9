// Corrects what a rule has learned of a device's defrosts: they are entered, or learned again.

import { useSignal } from '@preact/signals';
import type { ApiError } from '../data/api.ts';
import type { App } from '../data/app.ts';
import type { Defrost, DefrostSchedule } from '../model/api-types.ts';
import { DefrostFields } from './defrost-fields.tsx';

export function CorrectDefrosts({
  app,
  path,
  entered,
  read,
}: {
  app: App;
  path: string;
  entered: DefrostSchedule | undefined;
  read: () => void;
}) {
  const isOpen = useSignal(false);
  const draft = useSignal<Defrost | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const open = () => {
    draft.value = entered;
    problem.value = undefined;
    isOpen.value = true;
  };
  const save = async () => {
    try {
      await (draft.value ? app.api.send('PUT', path, draft.value) : app.api.send('DELETE', path));
      isOpen.value = false;
      read();
    } catch (error) {
      problem.value = (error as ApiError).message;
    }
  };
  if (!isOpen.value)
    return (
      <button class="btn small" onClick={open}>
        Correct the defrosts
      </button>
    );
  return (
    <div class="g3">
      <p class="sentence">
        Defrosts of this device are{' '}
        <DefrostFields
          value={draft.value}
          onValue={(defrost) => {
            draft.value = defrost;
          }}
        />
        .
      </p>
      {problem.value !== undefined && <p role="alert">{problem.value}</p>}
      <div class="row">
        <button class="btn small go" onClick={() => void save()}>
          Save
        </button>
        <button
          class="btn small"
          onClick={() => {
            isOpen.value = false;
          }}
        >
          Cancel
        </button>
      </div>
    </div>
  );
}
