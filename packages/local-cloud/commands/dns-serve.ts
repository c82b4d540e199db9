// `dns serve`: placeholder while the server is written.
import type { ServeOptions } from './dns-options.ts';

export async function serve(options: ServeOptions): Promise<void> {
  throw new Error(String(options.port));
}
