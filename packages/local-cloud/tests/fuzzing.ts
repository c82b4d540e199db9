// How long the seeded fuzzers run: briefly in the suite, longer or from another seed where the environment says so.

const given = (name: string, usual: number): number => {
  const text = process.env[name];
  if (text === undefined) return usual;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name}=${text}: it takes a whole number`);
  return Number(text);
};

/** TIDEGATE_FUZZ=50 makes every fuzzer run fifty times as long. */
export const times = given('TIDEGATE_FUZZ', 1);

/** For fast-check. TIDEGATE_FUZZ_SEED replaces the seed that a test names. */
export const runsOf = (seed: number, numRuns: number) => ({
  seed: given('TIDEGATE_FUZZ_SEED', seed),
  numRuns: numRuns * times,
});
