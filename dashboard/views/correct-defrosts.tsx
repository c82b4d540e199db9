// Corrects what a rule has learned of a device's defrosts: they are entered, or learned again.

import { useSignal } from '@preact/signals';
import type { ApiError } from '../data/api-error.ts';
import type { App } from '../data/app.ts';
import type { Defrost, DefrostSchedule } from '../model/api-types.ts';
import { DefrostFields } from './defrost-fields.tsx';

interface Correction {
  app: App;
  /** The path of the API to the device's defrosts. */
  path: string;
  entered: DefrostSchedule | undefined;
  /** Reads what is stored now. */
  read: () => void;
}

function Form({ app, path, entered, read, close }: Correction & { close: () => void }) {
  const draft = useSignal<Defrost | undefined>(entered);
  const problem = useSignal<string | undefined>(undefined);
  const save = async () => {
    try {
      await (draft.value ? app.api.send('PUT', path, draft.value) : app.api.send('DELETE', path));
      close();
      read();
    } catch (error) {
      problem.value = (error as ApiError).message;
    }
  };
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
        <button class="btn small" onClick={close}>
          Cancel
        </button>
      </div>
    </div>
  );
}

export function CorrectDefrosts(correction: Correction) {
  const isOpen = useSignal(false);
  const show = (open: boolean) => () => {
    isOpen.value = open;
  };
  if (isOpen.value) return <Form {...correction} close={show(false)} />;
  return (
    <button class="btn small" onClick={show(true)}>
      Correct the defrosts
    </button>
  );
}
