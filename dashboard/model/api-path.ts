// Paths of the HTTP API.

/** Joins names to a path. The names may contain any character. */
export const pathOf = (...names: readonly string[]) => `/${names.map(encodeURIComponent).join('/')}`;
