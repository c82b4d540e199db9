// Leaves descriptors to the process's own files: connections that took them all would keep every message from the disk.

const FEWEST = 16;
const RESERVE = 128;

/** Descriptors that this process may have open, as the system says; Infinity where it says nothing. */
export function descriptorLimit(): number {
  const report = process.report as typeof process.report & { excludeNetwork: boolean };
  report.excludeNetwork = true; // or it would look up the name of every peer
  const { userLimits } = report.getReport() as {
    userLimits?: { open_files: { soft: number | 'unlimited' } };
  };
  const limit = userLimits?.open_files.soft ?? 'unlimited';
  return limit === 'unlimited' ? Infinity : limit;
}

/** Of `limit` descriptors a quarter, and at least 128, are for journal, objects, tables, functions and the other ports. */
export function connectionsWithin(limit: number): number {
  const own = Math.max(RESERVE, Math.ceil(limit / 4));
  return limit === Infinity ? Infinity : Math.max(FEWEST, limit - own);
}
