// Where things are in the kernel's memory, for the kernel and for those who read what it has folded: offsets in bytes.
// Places of things are i32 and 0 for none, times are f64 in epoch milliseconds.

/** A name: its hash, its length in bytes, and after what its owner keeps with it, its bytes in ASCII. */
export const NAME_HASH = 0;
export const NAME_LENGTH = 4;
export const NAME_OWN = 8;
export const NAME_BYTES = 32;

/** A shape, which is what readings of a kind have in common: how many metrics, and after more the names of the metrics. */
export const SHAPE_COUNT = 0;
export const SHAPE_NAMES = 24;

/** A window: the one that was opened after it, its device, and the first by name of the sites of its readings. */
export const WINDOW_NEXT = 0;
export const WINDOW_DEVICE = 4;
export const WINDOW_START = 8;
export const WINDOW_SITE = 16;
/** How many readings it has, its newest one, and the times of the newest and the oldest. */
export const WINDOW_READINGS = 20;
export const WINDOW_NEWEST_TIME = 24;
export const WINDOW_OLDEST_TIME = 32;
export const WINDOW_NEWEST = 40;
/** The first of its metrics, how many it has, and the shape of its first reading, whose metrics come first, one after the other. */
export const WINDOW_FIGURES = 44;
export const WINDOW_METRICS = 48;
export const WINDOW_SHAPE = 52;
export const WINDOW_SIZE = 56;

/** A metric of a window: the next one, its name, its extremes and its sum (i64) in units of 10 ** -places. */
export const METRIC_NEXT = 0;
export const METRIC_NAME = 4;
export const METRIC_MIN = 8;
export const METRIC_MAX = 16;
export const METRIC_SUM = 24;
export const METRIC_PLACES = 32;
export const METRIC_COUNT = 36;
export const METRIC_SIZE = 40;

/** A reading: the one before it in time, its shape, its site, its values (f64) and then the bytes of its id, if it has one. */
export const READING_OLDER = 0;
export const READING_SHAPE = 4;
export const READING_TIME = 8;
export const READING_SITE = 16;
export const READING_ID_LENGTH = 20;
export const READING_VALUES = 24;

/** Texts that a line may have, by number. */
export const TEXT_DEVICE_ID = 0;
export const TEXT_SITE = 1;
export const TEXT_TRACE_ID = 2;
export const TEXT_ID = 3;
export const TEXT_CLIENT_ID = 4;
export const TEXTS = 5;

/** Numbers that a line may have: those of metrics come first. */
export const MAX_METRICS = 32;
export const NUMBER_METRIC = 0;
export const NUMBER_TIMESTAMP = 32;
export const NUMBER_RECEIVED_AT = 33;
export const NUMBERS = 34;

/** Where a value of that type needs the careful way. */
export const NOWHERE = -1;
