// Reads the query that finds partition keys in a JSON record: the part of jq that names members, such as `{site: .site, day: .a.b}`.

/** The keys of one record, each as text; undefined where the record has not all of them. */
export type PartitionQuery = (record: unknown) => Readonly<Record<string, string>> | undefined;

type Path = readonly (string | number)[];

const PAIR = /^\s*(?:"([\w-]+)"|([A-Za-z_]\w*))\s*:\s*(\.[^,{}|()]*?)\s*$/;
/** `.a`, `."a-b"`, `["a b"]` or `[0]`. */
const STEP = /\.([A-Za-z_]\w*)|\.?"([^"]+)"|\.?\["([^"]+)"\]|\.?\[(\d+)\]/y;

function pathOf(text: string): Path | undefined {
  const path: (string | number)[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < text.length) {
    const [, word, quoted, bracketed, index] = STEP.exec(text) ?? [];
    const step = word ?? quoted ?? bracketed ?? (index === undefined ? undefined : Number(index));
    if (step === undefined) return undefined;
    path.push(step);
  }
  return path.length > 0 ? path : undefined;
}

function valueAt(record: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string | number, unknown>)[step]
        : undefined,
    record,
  );
}

/** Compiles the query. @returns what of it is not supported, as `{ problem }` */
export function readPartitionQuery(query: string): PartitionQuery | { readonly problem: string } {
  const [, inside] = /^\s*\{([^]*)\}\s*$/.exec(query) ?? [];
  if (inside === undefined) return { problem: `${query} must be of the form {key: .member}` };
  const keys: [name: string, path: Path][] = [];
  for (const pair of inside.split(',')) {
    const [, quoted, word, expression = ''] = PAIR.exec(pair) ?? [];
    const [name, path] = [quoted ?? word, pathOf(expression)];
    if (name === undefined || !path)
      return {
        problem: `${pair.trim()} is more than a member such as key: .a.b, which is all that runs here`,
      };
    keys.push([name, path]);
  }
  return (record) => {
    const found = keys.map(([name, path]) => [name, valueAt(record, path)] as const);
    if (found.some(([, value]) => value === undefined || value === null || typeof value === 'object'))
      return undefined;
    return Object.fromEntries(found.map(([name, value]) => [name, String(value)]));
  };
}
