// The mean kinetic temperature: the constant one that would age goods as much as the varying one, so warm hours count more.

/**
 * Activation energy over the gas constant, in kelvins: 83.144 kJ/mol over 8.3144 J/(mol K), as in USP <1079.2> and by the
 * WHO (TRS 961, annex 9).
 */
const KELVINS = 10_000;
const FREEZING_K = 273.15;

export const ACTIVATION_ENERGY = 83.144;

/** For at least one temperature in degrees Celsius, each lasting equally long. @see J. D. Haynes, J. Pharm. Sci. 60 (1971) 927 */
export function meanKineticTemperature(celsius: readonly number[]): number {
  const sum = celsius.reduce((total, value) => total + Math.exp(-KELVINS / (value + FREEZING_K)), 0);
  return KELVINS / -Math.log(sum / celsius.length) - FREEZING_K;
}
