// The mean kinetic temperature: the one temperature that ages goods as the changing one did, so warm hours count more.

/**
 * Activation energy over the gas constant, in kelvins: 83.144 kJ/mol over 8.3144 J/(mol K), as USP <1079.2> and the WHO have it
 * (TRS 961, annex 9).
 */
const KELVINS = 10_000;
const FREEZING_K = 273.15;

export const ACTIVATION_ENERGY = 83.144;

/** Of temperatures in degrees Celsius that stand for equally long, at least one. @see J. D. Haynes, J. Pharm. Sci. 60 (1971) 927 */
export function meanKineticTemperature(celsius: readonly number[]): number {
  const sum = celsius.reduce((total, value) => total + Math.exp(-KELVINS / (value + FREEZING_K)), 0);
  return KELVINS / -Math.log(sum / celsius.length) - FREEZING_K;
}
