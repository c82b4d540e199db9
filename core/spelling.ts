// Devices spell the names of what they measure differently; a rule with `anySpelling` judges all spellings.

/** Parts of names that do not measure the place: a chip's own temperature, set points, limits, colours and derived values. */
const OTHER_KINDS =
  /(?:^|_)(?:set(?:point)?|target|limit|alarm|offset|calibration|colou?r|chip|cpu|core|esp\d*|device|board|internal|module|switch|light|cover|pm1|em1|over|dew|dewpoint|windchill|wind|heat|heatindex|feels|apparent|min|max|occupied|unoccupied)(?=_)/i;

/** A map, because a metric may be named `constructor`. */
const SPELLINGS: ReadonlyMap<string, RegExp> = new Map([
  [
    'temperature',
    /^(?:[a-z0-9_]+_)?(?:probe)?temp(?:erature)?(?:sensor)?(?:_?(?:c|cel|celsius))?(?:_?\d+|_l\d+|_probe|_sht|_ds)?(?:_c)?(?:_value)?$|^(?:tmp_|temperature_\d+_|ext_temperature_\d+_)?tc$|^atmp$/i,
  ],
  [
    'humidity',
    /^(?:[a-z0-9_]+_)?hum(?:idity)?(?:_sht|_?\d+)?(?:_value)?$|^(?:relative_?humidity|(?:humidity_\d+_)?rh|rhum)$/i,
  ],
]);

/**
 * Whether a metric's name is a usual spelling of another: in any case, and for temperature and humidity also abbreviated,
 * with a sensor or a place before it or a number after it (`tempc`, `BME280_Temperature`, `Freezer_temp_2`).
 */
export function isSpellingOf(metric: string, name: string): boolean {
  if (name === metric) return true;
  const spelling = SPELLINGS.get(metric);
  if (!spelling) return name.toLowerCase() === metric.toLowerCase();
  return spelling.test(name) && !OTHER_KINDS.test(name);
}
