// Edits a rule as a sentence with fields, or as JSON, and shows a dry run over the last day below it.

import { useComputed, useSignal, type Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ApiError } from '../data/api-error.ts';
import { say, type App } from '../data/app.ts';
import { pathOf } from '../model/api-path.ts';
import type { Rule } from '../model/api-types.ts';
import { isSentence, type DryRun } from '../model/rule-draft.ts';
import { metricOf, previewText, type Draft } from '../model/rule-kind.ts';
import { ActionButton } from '../parts/acknowledge.tsx';
import { Verdict } from './dry-run.tsx';
import { Sentence } from './rule-sentence.tsx';
import { own } from '../../core/own.ts';

const PAUSE_MS = 500;
const RULE_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/i;

type Read = { readonly draft: Draft } | { readonly problem: string };
type Outcome = { readonly run: DryRun } | { readonly problem: string } | undefined;

/** Runs the dry run half a second after the last change. */
function useDryRun(app: App, id: string, draft: Draft | undefined): Signal<Outcome> {
  const outcome = useSignal<Outcome>(undefined);
  const body = draft && JSON.stringify(draft);
  useEffect(() => {
    if (body === undefined) return undefined;
    let isOld = false;
    const timer = setTimeout(() => {
      app.api
        .send<DryRun>('POST', `${pathOf('rules', id)}/dry-run`, JSON.parse(body) as Draft)
        .then((run): Outcome => ({ run }))
        .catch((error: unknown): Outcome => ({ problem: (error as ApiError).message }))
        .then((found) => {
          if (!isOld) outcome.value = found;
        }, console.error);
    }, PAUSE_MS);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [body, id]);
  return outcome;
}

function JsonField({ text, problem }: { text: Signal<string>; problem: string | undefined }) {
  return (
    <div class="field">
      <label for="json">The rule as JSON</label>
      <textarea
        class="mono"
        id="json"
        rows={12}
        spellcheck={false}
        value={text.value}
        aria-invalid={problem !== undefined}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
      />
      {problem !== undefined && <p class="err">{problem}</p>}
    </div>
  );
}

function parsed(text: string): Read {
  try {
    return { draft: JSON.parse(text) as Draft };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

const withoutId = ({ id: _id, ...rest }: Rule): Draft => rest;

/** The rule's own metric, and all that devices send. */
function metricsFor(app: App, rule: Rule): string[] {
  const sent = (app.store.devices.value ?? []).flatMap(({ deviceId }) =>
    Object.keys(app.store.track(deviceId).values),
  );
  return [...new Set([...[metricOf(rule)].filter(Boolean), ...sent])].sort();
}

/** The unit of the rule's metric, from the first device that has one. */
function unitFor(app: App, draft: Draft): string | undefined {
  const metric = metricOf(draft);
  return app.store.devices.value?.find(({ units }) => own(units, metric))?.units?.[metric];
}

function NameField({ id }: { id: Signal<string> }) {
  return (
    <div>
      <label for="rule-id">Name of the rule</label>
      <input
        class="mono"
        id="rule-id"
        value={id.value}
        placeholder="fridge-warm"
        onInput={(event) => {
          id.value = event.currentTarget.value;
        }}
      />
    </div>
  );
}

/** The rule being edited, as a sentence or as JSON. `read` is the rule, or why the JSON cannot be read. */
function useEditor(rule: Rule) {
  const id = useSignal(rule.id);
  const draft = useSignal<Draft>(withoutId(rule));
  const isJson = useSignal(!isSentence(rule));
  const text = useSignal(JSON.stringify(draft.value, undefined, 2));
  const read = useComputed<Read>(() => (isJson.value ? parsed(text.value) : { draft: draft.value }));
  const show = (json: boolean) => {
    if (json) text.value = JSON.stringify(draft.value, undefined, 2);
    else if ('draft' in read.value) draft.value = read.value.draft;
    isJson.value = json;
  };
  return { id, draft, isJson, text, read, show };
}

type Editor = ReturnType<typeof useEditor>;

/** Whether the form has fields for everything in the rule. */
const canBeSentence = ({ id, read }: Editor) =>
  'draft' in read.value && isSentence({ id: id.value, ...read.value.draft });

/** Switches between the sentence and JSON. */
function Modes({ editor }: { editor: Editor }) {
  const mode = (json: boolean, name: string) => (
    <button
      aria-pressed={editor.isJson.value === json}
      disabled={!json && !canBeSentence(editor)}
      onClick={() => editor.show(json)}
    >
      {name}
    </button>
  );
  return (
    <span class="seg" role="group" aria-label="Edit as">
      {mode(false, 'Sentence')}
      {mode(true, 'JSON')}
    </span>
  );
}

function SaveRow({
  app,
  isReady,
  isNamed,
  save,
}: {
  app: App;
  isReady: boolean;
  isNamed: boolean;
  save: () => Promise<void>;
}) {
  return (
    <div class="row g4">
      {isReady || !app.session.may('admin') ? (
        <ActionButton app={app} isMain label="Save rule" group="admin" run={save} />
      ) : (
        <button class="btn go" disabled>
          Save rule
        </button>
      )}
      {!isNamed && <span class="dim">Enter a name of letters, digits and hyphens first.</span>}
    </div>
  );
}

function Fields({ app, editor, rule }: { app: App; editor: Editor; rule: Rule }) {
  const { draft, isJson, text, read } = editor;
  if (!isJson.value)
    return <Sentence draft={draft} metrics={metricsFor(app, rule)} windowMs={app.store.windowMs} />;
  const problem = 'problem' in read.value ? read.value.problem : undefined;
  return (
    <>
      <JsonField text={text} problem={problem} />
      {problem === undefined && !canBeSentence(editor) && (
        <p class="dim small g2">
          The sentence has no fields for this rule, so edit it as JSON. The dry run below checks it.
        </p>
      )}
    </>
  );
}

export function RuleForm({ app, rule, isNew }: { app: App; rule: Rule; isNew: boolean }) {
  const editor = useEditor(rule);
  const { id, read } = editor;
  const current = 'draft' in read.value ? read.value.draft : undefined;
  const mayEdit = app.session.may('admin');
  const outcome = useDryRun(app, id.value || 'draft', mayEdit ? current : undefined);
  const preview = current && previewText(current, unitFor(app, current));
  const isNamed = RULE_ID.test(id.value);
  const isGood = outcome.value !== undefined && 'run' in outcome.value;
  const save = async () => {
    await app.api.send('PUT', pathOf('rules', id.value), current);
    await app.store.refresh();
    say(app, { text: `Rule ${id.value} is saved. It applies to readings within 30 seconds.` });
    if (isNew) location.hash = `#/rules/${encodeURIComponent(id.value)}`;
  };
  return (
    <>
      <div class="headrow">
        {isNew ? <NameField id={id} /> : <h2 class="mono">{rule.id}</h2>}
        <Modes editor={editor} />
      </div>
      <Fields app={app} editor={editor} rule={rule} />
      {preview !== undefined && <p class="dim preview">{preview}</p>}
      {mayEdit ? (
        <Verdict app={app} outcome={outcome.value} />
      ) : (
        <p class="dim">Changing and testing rules needs the group admin: ask your Tidegate administrator.</p>
      )}
      <SaveRow app={app} isReady={isGood && isNamed} isNamed={isNamed} save={save} />
    </>
  );
}
