// A SenML name is the device and what it measures in one text, and no rule says where the one ends.

export interface SenmlName {
  /** Absent where the name names no device. */
  readonly child?: string;
  readonly metric: string;
}

/** DEV URNs: https://www.rfc-editor.org/rfc/rfc9039 */
const DEV_URN = /^urn:dev:[a-z0-9]+:[A-Za-z0-9.-]+/;
/** What base names end in, so that a name can follow. */
const ENDS = /[:/_.-]+$/;
const BEGINS = /^[:/_.-]+/;

/**
 * Splits base name and name: the metric is what is behind the last `/` or `:`, the device all before it. A DEV URN is never
 * cut, and `_` ends it too. A base name ends where it ends, even without a mark, as many devices send it.
 */
export function senmlName(base: string, name: string): SenmlName {
  const joined = base === '' || name === '' || ENDS.test(base) ? base + name : `${base}/${name}`;
  const urn = DEV_URN.exec(joined)?.[0] ?? '';
  const last = Math.max(joined.lastIndexOf('/'), joined.lastIndexOf(':'));
  let cut = Math.max(last, urn.length);
  if (name !== '' && base !== '') cut = Math.max(cut, base.replace(ENDS, '').length);
  const child = joined.slice(0, cut).replace(ENDS, '');
  const metric = joined.slice(cut).replace(BEGINS, '');
  return { ...(child !== '' && { child }), metric: metric === '' ? 'value' : metric };
}
