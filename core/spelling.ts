// Devices spell what they measure in their own ways; a rule that says so judges them all.

/** Sensor chips, by which firmware such as Tasmota names what they measure. A chip's own heat is not among them. */
const SENSORS =
  '(?:ds18|dht|am23|bme|bmp|sht|aht|hdc|htu|si70|mcp9|lm75|max31|tmp1|ntc)[a-z0-9]*(?:_[a-z0-9]+)?_';
/** A map, since metrics may be named `constructor`. */
const SPELLINGS: ReadonlyMap<string, RegExp> = new Map([
  [
    'temperature',
    new RegExp(
      `^(?:(?:${SENSORS})?temp(?:erature)?(?:_?(?:c|cel|celsius))?(?:_\\d+)?|tc|temperature_\\d+_tc)$`,
      'i',
    ),
  ],
  [
    'humidity',
    new RegExp(`^(?:(?:${SENSORS})?hum(?:idity)?(?:_\\d+)?|rh|relative_?humidity|humidity_\\d+_rh)$`, 'i'),
  ],
]);

/**
 * Whether a metric is one of the usual spellings of another: in any case, and for temperature and humidity also
 * abbreviated, with the sensor's name before it or a number behind it (`Temp`, `tempc`, `BME280_Temperature`).
 */
export function isSpellingOf(metric: string, name: string): boolean {
  if (name === metric) return true;
  return SPELLINGS.get(metric)?.test(name) ?? name.toLowerCase() === metric.toLowerCase();
}
