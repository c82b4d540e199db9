// Devices spell units in many ways; each unit is stored in the one spelling that people read.

/** The spelling for people, and the others: SenML names (RFC 8428, RFC 8798), UCUM and UN/CEFACT codes, and what devices send. */
const SPELLINGS: readonly (readonly [unit: string, spellings: string])[] = [
  ['°C', 'C|c|Cel|CEL|℃|° C|degC|deg C|°Celsius|celsius|centigrade|degree celsius|degrees celsius'],
  ['°F', 'F|f|[degF]|℉|° F|degF|deg F|°Fahrenheit|fahrenheit|FAH|Far|degree fahrenheit|degrees fahrenheit'],
  ['K', 'KEL|kelvin'],
  ['°', 'deg|DD|degree|degrees'],
  ['%', 'percent|%RH|P1|% RH|%rH|RH%|RH|%EL|pct|percentage'],
  ['ppm', '[ppm]|59'],
  ['ppb', '[ppb]'],
  ['µg/m³', 'ug/m3|GQ|ug/m^3|ug/m³|μg/m³|μg/m3|µg/m3'],
  ['mg/m³', 'mg/m3|GP|mg/m^3'],
  ['g/m³', 'g/m3|g/m^3'],
  ['Pa', 'pascal'],
  ['hPa', 'A97'],
  ['kPa', ''],
  ['mbar', 'mb'],
  ['bar', ''],
  ['psi', '[psi]'],
  ['mmHg', 'mm[Hg]|mm Hg'],
  ['inHg', "[in_i'Hg]|in Hg"],
  ['V', 'VLT|volt|volts'],
  ['mV', ''],
  ['kV', ''],
  ['A', 'AMP|ampere|amps'],
  ['mA', ''],
  ['µA', 'uA|μA'],
  ['W', 'WTT|watt|watts'],
  ['mW', ''],
  ['kW', ''],
  ['MW', ''],
  ['Wh', 'W.h'],
  ['kWh', 'kW.h|KWH'],
  ['MWh', 'MW.h'],
  ['VA', ''],
  ['kVA', ''],
  ['var', 'VAr|VAR'],
  ['J', ''],
  ['Hz', 'hertz'],
  ['kHz', ''],
  ['MHz', ''],
  ['dB', ''],
  ['dBm', ''],
  ['dBA', 'dB(A)|dB[A]'],
  ['lx', 'lux|LUX|lm/m2'],
  ['mm', 'MMT'],
  ['cm', 'CMT'],
  ['m', 'MTR|meter|metre|meters|metres'],
  ['km', ''],
  ['ft', '[ft_i]|feet'],
  ['in', '[in_i]|inch|inches'],
  ['mm/h', 'mm/hr'],
  ['m/s', 'mps|MTS|m.s-1'],
  ['km/h', 'kmh|KMH|kph|km/hr'],
  ['mph', '[mi_i]/h'],
  ['kn', 'kt|knot|knots|[kn_i]'],
  ['m/s²', 'm/s2|m/s^2'],
  ['mg', ''],
  ['g', 'gram|grams'],
  ['kg', 'KGM'],
  ['l', 'L|LTR|liter|litre|liters|litres'],
  ['ml', 'mL'],
  ['m³', 'm3|MTQ|m^3'],
  ['l/min', 'L/min|lpm'],
  ['l/s', 'L/s'],
  ['m³/h', 'm3/h|m^3/h'],
  ['ms', ''],
  ['s', 'sec|second|seconds'],
  ['min', 'minute|minutes'],
  ['h', 'hour|hours'],
  ['Ω', 'Ohm|Ω|ohms'],
  ['kΩ', 'kOhm|kΩ'],
  ['µS/cm', 'uS/cm|μS/cm'],
  ['mS/cm', ''],
  ['S/m', ''],
  ['pH', '[pH]'],
  ['W/m²', 'W/m2|W/m^2'],
  ['µSv/h', 'uSv/h|μSv/h'],
  ['Bq/m³', 'Bq/m3'],
  ['rpm', ''],
  ['bpm', 'beat/min|beats/min'],
];

/** Case is ignored only from this length on: shorter spellings may differ in a prefix, such as mW and MW. */
const SHORTEST_ANY_CASE = 4;
const MAX_LENGTH = 16;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

const EXACT = new Map<string, string>();
const ANY_CASE = new Map<string, string>();
for (const [unit, spellings] of SPELLINGS) {
  for (const spelling of [unit, ...spellings.split('|')]) {
    if (spelling === '') continue;
    EXACT.set(spelling, unit);
    const small = spelling.toLowerCase();
    if (spelling.length >= SHORTEST_ANY_CASE) ANY_CASE.set(small, unit);
  }
}

/**
 * A unit as people read it: `Cel`, `C` and `degC` are `°C`. An unknown unit stays as it is, up to 16 printable characters;
 * undefined for anything longer, empty or not text, because that is not a unit.
 */
export function unitOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (text === '') return undefined;
  const known = EXACT.get(text) ?? ANY_CASE.get(text.toLowerCase());
  if (known !== undefined) return known;
  const isUnit = text.length <= MAX_LENGTH && !/^[-\d/.\s]+$/.test(text) && !UNPRINTABLE.test(text);
  return isUnit ? text : undefined;
}

/** Metrics and their units, as people read them. */
export type Units = Readonly<Record<string, string>>;

/** Reads the thing attribute `units`, such as `temperature:C,humidity:percent`; invalid parts are left out. */
export function unitsOfAttribute(text: string | undefined): Units {
  const pairs = (text ?? '').split(',').flatMap((part) => {
    const [, metric, spelling] = /^\s*([A-Za-z]\w{0,63})\s*[:=](.+)$/.exec(part) ?? [];
    const unit = unitOf(spelling);
    return metric !== undefined && unit !== undefined ? [[metric, unit] as const] : [];
  });
  return Object.fromEntries(pairs);
}

/** The registry's units override those in the device's messages. */
export function unitsOf(device: {
  readonly units?: Units;
  readonly attributes?: Readonly<Record<string, string>>;
}): Units {
  return { ...device.units, ...unitsOfAttribute(device.attributes?.['units']) };
}

const ASCII: Readonly<Record<string, string>> = { '°': '', µ: 'u', μ: 'u', '²': '2', '³': '3', Ω: 'Ohm' };

/** The text with units replaced by characters that SMS and mail subjects can carry: `°C` is `C`. */
export function asciiUnits(text: string): string {
  return text.replaceAll(/[°µμ²³Ω]/g, (mark) => ASCII[mark] ?? mark);
}
