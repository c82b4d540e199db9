// The rows about a device's certificate: when it was issued, how long it is valid, and what is wrong with it.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ApiError } from '../data/api-error.ts';
import type { App } from '../data/app.ts';
import { pathOf } from '../model/api-path.ts';
import { ageText, certificateProblem, untilText, type Certificate } from '../model/connections.ts';
import { Shape } from '../parts/signs.tsx';

/** Loaded once, since certificates change only with a rotation. */
function useCertificates(app: App, deviceId: string) {
  const certificates = useSignal<readonly Certificate[]>([]);
  const problem = useSignal<string | undefined>(undefined);
  useEffect(() => {
    certificates.value = [];
    if (app.session.isGuest()) return;
    app.api.get<{ certificates: readonly Certificate[] }>(`${pathOf('devices', deviceId)}/certificates`).then(
      (found) => {
        certificates.value = found.certificates;
      },
      (error: ApiError) => {
        // A device behind a gateway has no certificate.
        problem.value = error.status === 404 ? undefined : error.message;
      },
    );
  }, [deviceId]);
  return { certificates: certificates.value, problem: problem.value };
}

export function CertificateFacts({ app, deviceId }: { app: App; deviceId: string }) {
  const { certificates, problem } = useCertificates(app, deviceId);
  const now = app.store.now.value;
  const active = certificates.filter(({ status }) => status === 'ACTIVE');
  const newest = active[0] ?? certificates[0];
  if (newest === undefined && problem === undefined) return null;
  const warning = newest && certificateProblem(newest, deviceId, now);
  return (
    <>
      <dt>Certificate</dt>
      <dd>
        {newest === undefined ? (
          `not known: ${problem}`
        ) : (
          <>
            issued {ageText(newest, now)}, until <span class="nb">{untilText(newest)}</span>
          </>
        )}
        {active.length > 1 && `; ${active.length} are active`}
        {warning !== undefined && (
          <p class="watch-text">
            <Shape name="pending" /> {warning}
          </p>
        )}
      </dd>
    </>
  );
}
