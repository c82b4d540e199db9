// `npm run device`: gives devices their identity, on AWS or on the local cloud, with the same calls.
import { runCommand } from './device-commands.ts';
import { parseDeviceOptions, usage } from './device-options.ts';
import { describeError } from './onboarding-error.ts';
import { openTarget } from './target.ts';

try {
  const options = parseDeviceOptions(process.argv.slice(2));
  if (options) {
    const target = openTarget(options);
    try {
      await runCommand(target, options, (line) => console.log(line));
    } finally {
      target.close();
    }
  } else {
    console.log(usage);
  }
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 1;
}
