// The rules view: the list of alert rules, and a form that shows a dry run over the last day before saving.

import type { App } from '../data/app.ts';
import type { Rule } from '../model/api-types.ts';
import { capital, plural } from '../model/format.ts';
import { linkTo } from '../model/route.ts';
import { isSentence } from '../model/rule-draft.ts';
import { ruleText, watches } from '../model/rules.ts';
import { GuestView } from '../parts/guest-view.tsx';
import type { Lookups } from '../parts/member.ts';
import { Shape } from '../parts/signs.tsx';
import { StateBox } from '../parts/state-box.tsx';
import { RuleForm } from './rule-form.tsx';

const NEW = 'new';
const FIRST: Rule = {
  id: '',
  metric: 'temperature',
  above: 8,
  clearBelow: 7,
  forWindows: 3,
  severity: 'major',
};

const subjectOf = (rule: Rule): string => {
  const { match, predicted, unusual } = rule;
  const metric = rule.metric ?? predicted?.metric ?? unusual?.metric;
  const of = [match?.device, match?.site, match?.type, match?.group].filter(Boolean).join(', ');
  return `${metric ?? 'readings'}${of === '' ? '' : ` of ${of}`}`;
};

function List({ app, chosen }: { app: App; chosen: string | undefined }) {
  const devices = app.store.devices.value ?? [];
  return (
    <nav class="list" aria-label="Rules">
      {app.store.rules.value.map((rule) => {
        const count = devices.filter((device) => watches(rule, device)).length;
        return (
          <a
            key={rule.id}
            href={linkTo('rules', [rule.id])}
            class={rule.enabled === false ? 'past' : undefined}
            aria-current={rule.id === chosen ? 'true' : undefined}
          >
            <Shape name={rule.enabled === false ? 'past' : 'ok'} />
            <span class="t mono">{rule.id}</span>
            <span class="w">{rule.enabled === false ? 'off' : `${count} of ${devices.length} devices`}</span>
            <span class="s">
              {capital(subjectOf(rule))}: {ruleText(rule)}
            </span>
          </a>
        );
      })}
    </nav>
  );
}

function NoRule({ id }: { id: string | undefined }) {
  if (id === undefined)
    return (
      <StateBox title="No rules">Without a rule, no alert is raised. Create one with “New rule”.</StateBox>
    );
  return (
    <StateBox title="There is no such rule">
      There is no rule “{id}”. It may have been removed: choose another one from the list.
    </StateBox>
  );
}

export function Rules({ app }: { app: App; lookups: Lookups }) {
  const { store, session, route } = app;
  const rules = store.rules.value;
  // A sentence is easier to read than JSON, so such a rule is shown first.
  const chosen = route.value.path[0] ?? (rules.find(isSentence) ?? rules[0])?.id;
  const rule = chosen === NEW ? FIRST : rules.find(({ id }) => id === chosen);
  if (session.isGuest()) return <GuestView app={app} heading="Rules" title="Log in to see rules" />;
  if (store.devices.value === undefined) return <div aria-busy="true" />;
  return (
    <>
      <div class="headrow">
        <h1>
          {capital(plural(rules.length, 'rule'))} {rules.length === 1 ? 'watches' : 'watch'}{' '}
          {plural(store.devices.value.length, 'device')}
        </h1>
        <a class="btn" href={linkTo('rules', [NEW])}>
          New rule
        </a>
      </div>
      <div class="panes" data-open={route.value.path.length > 0 ? '' : undefined}>
        <List app={app} chosen={chosen} />
        <div>
          <a class="back" href={linkTo('rules')}>
            ← All rules
          </a>
          {rule ? (
            <RuleForm key={chosen} app={app} rule={rule} isNew={chosen === NEW} />
          ) : (
            <NoRule id={chosen} />
          )}
        </div>
      </div>
    </>
  );
}
