// One text for one JSON value (RFC 8785), so that a hash or a signature of it can be checked anywhere.

/**
 * Members by the code units of their names, numbers and texts as ECMAScript writes them.
 * @see https://www.rfc-editor.org/rfc/rfc8785
 */
export function canonicalJson(value: unknown): string {
  // As in JSON: members without a value are absent, and numbers are doubles.
  return canonical(JSON.parse(JSON.stringify(value)));
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}
