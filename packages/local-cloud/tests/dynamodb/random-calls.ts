// Makes calls of DynamoDB from a seed: valid ones, nearly valid ones and wrong ones, over few keys so that they meet.

export interface Call {
  readonly operation: string;
  readonly input: Record<string, unknown>;
}

type Random = ReturnType<typeof createRandom>;
type Value = Record<string, unknown>;

/** The same numbers for the same seed. */
export function createRandom(seed: number) {
  let state = seed | 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const below = (count: number) => Math.floor(next() * count);
  return {
    below,
    chance: (share: number) => next() < share,
    pick: <T>(choices: readonly T[]): T => choices[below(choices.length)]!,
  };
}

const TEXTS = ['', 'a', 'ab', 'abc', 'b', 'zebra', 'é', '日本', '😀x', 'a b'];
const NUMBERS = [
  ...['0', '1', '-1', '2', '10', '9', '1.5', '-1.5', '-1.05', '0.1', '0.2', '1e3', '1E-3', '100', '007'],
  ...['123456789012345678901234567890', '-0.000001', '9'.repeat(38), '1e125', '1e-130', '3.14'],
];
const BASE64 = ['', 'AA==', '/w==', '//8=', 'AQID', '/v8=', '8J+YgA=='];
const WRONG_NUMBERS = ['', 'x', '1e126', '1e-131', '9'.repeat(39), '1 ', '--1'];

const some = <T>(random: Random, choices: readonly T[]): T[] => {
  const chosen = choices.filter(() => random.chance(0.3));
  return chosen.length > 0 ? chosen : [random.pick(choices)];
};

export function createValues(random: Random) {
  const scalars: (() => Value)[] = [
    () => ({ S: random.pick(TEXTS) }),
    () => ({ N: random.pick(NUMBERS) }),
    () => ({ N: String(random.below(20)) }),
    () => ({ B: random.pick(BASE64) }),
    () => ({ BOOL: random.chance(0.5) }),
    () => ({ NULL: true }),
    () => ({ SS: some(random, TEXTS.slice(1)) }),
    () => ({ NS: some(random, ['1', '2', '3', '-4', '0.5']) }),
    () => ({ BS: some(random, BASE64.slice(1)) }),
  ];
  const value = (depth = 0): Value => {
    if (depth < 3 && random.chance(0.25)) {
      const members = Array.from({ length: random.below(4) }, () => value(depth + 1));
      if (random.chance(0.5)) return { L: members };
      return { M: Object.fromEntries(members.map((member, index) => [`m${index}`, member])) };
    }
    return random.pick(scalars)();
  };
  const wrong = (): Value =>
    random.pick<() => Value>([
      () => ({}),
      () => ({ N: random.pick(WRONG_NUMBERS) }),
      () => ({ SS: [] }),
      () => ({ NS: ['1', '1.0'] }),
      () => ({ SS: ['a', 'a'] }),
      () => ({ BS: ['AA==', 'AA=='] }),
      () => ({ NULL: false }),
      () => ({ S: 'x', N: '1' }),
      () => ({ S: 1 }),
      () => ({ B: 'abc' }),
      () => ({ L: [{}] }),
    ])();
  return { value, wrong, scalar: () => random.pick(scalars)() };
}

export const TABLES = {
  things: {
    keys: [
      ['pk', 'S'],
      ['sk', 'N'],
    ],
    indexes: { byNumber: ['n', 'sk'], byText: ['t', undefined], local: ['pk', 'n'] },
  },
  plain: { keys: [['id', 'S']], indexes: {} },
  bytes: {
    keys: [
      ['id', 'B'],
      ['name', 'S'],
    ],
    indexes: {},
  },
} as const;
export type TableName = keyof typeof TABLES;

const KEYS = {
  pk: ['p1', 'p2', 'p3', 'é'],
  id: ['a', 'b', 'c', 'd', 'e', 'f'],
  name: ['a', 'ab', 'abc', 'abd', 'b', 'é'],
  bytes: ['AA==', '/w==', '//8=', 'AQID'],
  sk: ['-20', '-1.5', '-1.05', '-1', '0', '0.5', '1', '2', '9', '10', '100'],
};

function keyValue(random: Random, table: TableName, name: string): Value {
  if (name === 'sk') return { N: random.pick(KEYS.sk) };
  if (name === 'id' && table === 'bytes') return { B: random.pick(KEYS.bytes) };
  return { S: random.pick(KEYS[name as 'pk' | 'id' | 'name']) };
}

export function keyOf(random: Random, table: TableName): Value {
  return Object.fromEntries(TABLES[table].keys.map(([name]) => [name, keyValue(random, table, name)]));
}

/** Attributes that are not keys of tables; `n` and `t` are keys of indexes. */
const ATTRIBUTES = ['n', 't', 'a', 'b', 'c', 'list', 'map', 'set'];

/** Collects placeholders of a request. */
export interface Placeholders {
  readonly names: Record<string, string>;
  readonly values: Record<string, Value>;
}

export function createExpressions(random: Random) {
  const { value, scalar } = createValues(random);

  function head({ names }: Placeholders): string {
    const attribute = random.pick(ATTRIBUTES);
    if (random.chance(0.1) && attribute.length === 1) return attribute;
    const placeholder = `#${attribute}`;
    names[placeholder] = attribute;
    return placeholder;
  }

  function path(holders: Placeholders): string {
    let text = head(holders);
    while (random.chance(0.2)) text += random.chance(0.5) ? `[${random.below(4)}]` : `.m${random.below(3)}`;
    return text;
  }

  function placeholder({ values }: Placeholders, content: Value): string {
    const name = `:v${Object.keys(values).length}`;
    values[name] = content;
    return name;
  }

  const operand = (holders: Placeholders): string =>
    random.pick([
      () => path(holders),
      () => placeholder(holders, scalar()),
      () => `size(${path(holders)})`,
    ])();

  function test(holders: Placeholders): string {
    const [a, b] = [path(holders), placeholder(holders, scalar())];
    return random.pick([
      () => `${a} ${random.pick(['=', '<>', '<', '<=', '>', '>='])} ${b}`,
      () => `${operand(holders)} ${random.pick(['=', '<', '>='])} ${b}`,
      () => `${a} BETWEEN ${b} AND ${placeholder(holders, scalar())}`,
      () => `${a} in (${b}, ${placeholder(holders, scalar())})`,
      () => `attribute_exists(${a}) OR ${a} = ${b}`,
      () => `attribute_not_exists(${a}) AND ${a} <> ${b}`,
      () => `begins_with(${a}, ${b})`,
      () => `contains(${a}, ${b})`,
      () => `size(${a}) > ${b}`,
      () =>
        `attribute_type(${a}, ${placeholder(holders, { S: random.pick(['S', 'N', 'L', 'BS', 'x']) })}) OR ${a} = ${b}`,
    ])();
  }

  function condition(holders: Placeholders, depth = 0): string {
    if (depth > 1 || random.chance(0.5)) return test(holders);
    const [left, right] = [condition(holders, depth + 1), condition(holders, depth + 1)];
    return random.pick([
      `${left} AND ${right}`,
      `(${left}) or (${right})`,
      `NOT (${left}) AND ${right}`,
      `not ${test(holders)}`,
    ]);
  }

  function setValue(holders: Placeholders): string {
    return random.pick([
      () => placeholder(holders, value()),
      () => path(holders),
      () => `if_not_exists(${path(holders)}, ${placeholder(holders, value())})`,
      () => `list_append(${path(holders)}, ${placeholder(holders, { L: [value(2)] })})`,
      () =>
        `if_not_exists(${path(holders)}, ${placeholder(holders, { N: '0' })}) + ${placeholder(holders, { N: random.pick(NUMBERS) })}`,
      () =>
        `${path(holders)} ${random.pick(['+', '-'])} ${placeholder(holders, { N: random.pick(NUMBERS) })}`,
    ])();
  }

  const sections: Readonly<Record<string, (holders: Placeholders) => string>> = {
    SET: (holders) => `${path(holders)} = ${setValue(holders)}`,
    REMOVE: path,
    ADD: (holders) =>
      `${path(holders)} ${placeholder(holders, random.pick([{ N: random.pick(NUMBERS) }, { SS: ['a', 'q'] }, { NS: ['1', '7'] }, { BS: ['AA==', 'AQ=='] }, { S: 'x' }]))}`,
    DELETE: (holders) =>
      `${path(holders)} ${placeholder(holders, random.pick([{ SS: ['a', 'ab'] }, { NS: ['1', '3'] }, { BS: ['AA=='] }, { N: '1' }]))}`,
  };

  function update(holders: Placeholders): string {
    const kinds = some(random, Object.keys(sections));
    return kinds
      .map((kind) => {
        const parts = Array.from({ length: 1 + random.below(2) }, () => sections[kind]!(holders));
        return `${random.chance(0.2) ? kind.toLowerCase() : kind} ${parts.join(', ')}`;
      })
      .join(' ');
  }

  const projection = (holders: Placeholders): string =>
    Array.from({ length: 1 + random.below(3) }, () => path(holders)).join(', ');

  return { condition, update, projection };
}
