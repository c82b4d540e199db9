// Contenders of the fold are packages that may not be installed, so each is loaded by name and reached through a port.
import type { FoldOutcome } from './fold-outcome.ts';

/** Folds the file once. */
export type Fold = (file: string) => Promise<FoldOutcome> | FoldOutcome;

/** The package of bench/package.json, as the port says: its types are there only where it is installed. */
export async function loadPeer<Port>(name: string): Promise<Port> {
  return (await import(name)) as Port;
}
