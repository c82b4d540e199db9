// A rule as a sentence with fields in it: a limit, a predicted limit, or unusual behaviour.

import { useSignal, type Signal } from '@preact/signals';
import { sizeText } from '../model/format.ts';
import {
  asKind,
  kindOf,
  metricOf,
  RULE_KINDS,
  sideOf,
  limitOf,
  withMetric,
  type Draft,
  type RuleKind,
} from '../model/rule-kind.ts';
import { DefrostFields } from './defrost-fields.tsx';
import {
  Choice,
  DevicesField,
  MetricField,
  NotifyFields,
  NumberField,
  SideField,
  type SetDraft,
} from './rule-fields.tsx';

interface Part {
  readonly rule: Draft;
  readonly set: SetDraft;
  readonly metrics: readonly string[];
  readonly windowMs: number;
}

/** The chosen side. It stays when the limit is emptied. */
const useSide = (limits: Parameters<typeof sideOf>[0]) => useSignal<string>(sideOf(limits));

function LimitPart({ rule, set, windowMs }: Part) {
  const side = useSide(rule);
  const isAbove = side.value === 'above';
  const limit = limitOf(rule);
  const clear = isAbove ? rule.clearBelow : rule.clearAbove;
  const setLimit = (value: number | undefined) => set(isAbove ? { above: value } : { below: value });
  const setClear = (value: number | undefined) =>
    set(isAbove ? { clearBelow: value } : { clearAbove: value });
  const setSide = (to: string) => {
    side.value = to;
    set(
      to === 'above'
        ? { above: limit, below: undefined, clearBelow: clear, clearAbove: undefined }
        : { below: limit, above: undefined, clearAbove: clear, clearBelow: undefined },
    );
  };
  return (
    <>
      <SideField value={side.value} onSide={setSide} />{' '}
      <NumberField label="Limit" value={limit} onValue={setLimit} /> for{' '}
      <NumberField
        label="Windows in a row"
        value={rule.forWindows ?? 1}
        onValue={(forWindows) => set({ forWindows })}
      />{' '}
      windows of {sizeText(windowMs)}, <NotifyFields rule={rule} set={set} />. It clears{' '}
      {isAbove ? 'below' : 'above'}{' '}
      <NumberField label="Limit at which it clears" value={clear} onValue={setClear} />.
    </>
  );
}

const WITHIN = [
  ['15m', '15 minutes'],
  ['30m', '30 minutes'],
  ['1h', 'an hour'],
  ['3h', '3 hours'],
  ['12h', '12 hours'],
] as const;

function PredictedPart({ rule, set, metrics }: Part) {
  const predicted = rule.predicted!;
  const { above: _above, below: _below, ...rest } = predicted;
  const side = useSide(predicted);
  const [limit, within] = [limitOf(predicted), predicted.within ?? '30m'];
  const setSide = (to: string) => {
    side.value = to;
    set({ predicted: { ...rest, [to]: limit } });
  };
  const setPredicted = (next: Partial<NonNullable<Draft['predicted']>>) =>
    set({ predicted: { ...predicted, ...next } });
  const isListed = WITHIN.some(([value]) => value === within);
  return (
    <>
      <SideField value={side.value} onSide={setSide} />{' '}
      <NumberField
        label="Limit"
        value={limit}
        onValue={(value) => set({ predicted: { ...rest, [side.value]: value } })}
      />{' '}
      within{' '}
      <Choice
        label="Within"
        value={within}
        options={isListed ? WITHIN : [[within, within], ...WITHIN]}
        onValue={(next) => setPredicted({ within: next })}
      />{' '}
      at its present trend, <NotifyFields rule={rule} set={set} />. Defrosts are{' '}
      <DefrostFields
        value={predicted.defrost}
        metrics={metrics}
        onValue={(defrost) => {
          const { defrost: _before, ...others } = predicted;
          set({ predicted: { ...others, ...(defrost && { defrost }) } });
        }}
      />
      .
    </>
  );
}

function UnusualPart({ rule, set }: Part) {
  return (
    <>
      at this hour of the day, <NotifyFields rule={rule} set={set} />.
    </>
  );
}

const PARTS: Readonly<Record<RuleKind, (part: Part) => preact.JSX.Element>> = {
  limit: LimitPart,
  predicted: PredictedPart,
  unusual: UnusualPart,
};

export function Sentence({ draft, ...part }: { draft: Signal<Draft> } & Pick<Part, 'metrics' | 'windowMs'>) {
  const rule = draft.value;
  const kind = kindOf(rule);
  const Rest = PARTS[kind];
  const set: SetDraft = (next) => {
    draft.value = { ...rule, ...next };
  };
  return (
    <p class="sentence">
      When{' '}
      <MetricField
        value={metricOf(rule)}
        metrics={part.metrics}
        onValue={(metric) => {
          draft.value = withMetric(rule, metric);
        }}
      />{' '}
      of <DevicesField rule={rule} set={set} />{' '}
      <Choice
        label="Kind of rule"
        value={kind}
        options={Object.entries(RULE_KINDS)}
        onValue={(next) => {
          draft.value = asKind(rule, next as RuleKind);
        }}
      />{' '}
      <Rest rule={rule} set={set} {...part} />
    </p>
  );
}
