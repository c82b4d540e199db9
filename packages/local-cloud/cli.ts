// The program behind `local-cloud` (cli.cjs): runs a template of the working directory, or the one that --template names.

import { runLocalCloud } from './main.ts';

await runLocalCloud(process.argv.slice(2));
