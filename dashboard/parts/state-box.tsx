// Shown instead of a part that is empty, failed or not allowed: what that means, and what to do.

import type { ComponentChildren } from 'preact';
import type { ApiError } from '../data/api-error.ts';

export const StateBox = ({
  title,
  children,
  code,
  actions,
}: {
  title: string;
  children: ComponentChildren;
  code?: string;
  actions?: ComponentChildren;
}) => (
  <section class="state">
    <h2>{title}</h2>
    <p>{children}</p>
    {code !== undefined && <pre tabIndex={0}>{code}</pre>}
    {actions && <div class="row">{actions}</div>}
  </section>
);

/** @param spared a sentence about what still works */
export const Failure = ({
  what,
  error,
  spared,
  retry,
}: {
  what: string;
  error: ApiError;
  spared: string;
  retry: () => void;
}) => (
  <StateBox
    title={what}
    code={error.details}
    actions={
      <>
        <button class="btn go" onClick={retry}>
          Try now
        </button>
        <button class="btn" onClick={() => void navigator.clipboard.writeText(error.details)}>
          Copy details
        </button>
      </>
    }
  >
    {error.message} {spared}
  </StateBox>
);
