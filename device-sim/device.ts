// `npm run device`: creates and manages the identities of devices, on AWS or on the local cloud, with the same calls.

import { isRefused } from '../commands/running-stack.ts';
import { runCommand } from './device-commands.ts';
import { parseDeviceOptions, usage } from './device-options.ts';
import { describeError, OnboardingError } from './onboarding-error.ts';
import { openTarget } from './target.ts';

try {
  const options = parseDeviceOptions(process.argv.slice(2));
  if (options) {
    const target = openTarget(options);
    try {
      process.exitCode = await runCommand(target, options, (line) => console.log(line));
    } catch (error) {
      throw isRefused(error) ? new OnboardingError(target.noAnswer, { cause: error }) : error;
    } finally {
      target.close();
    }
  } else {
    console.log(usage);
  }
} catch (error) {
  if (error instanceof OnboardingError) for (const line of error.details) console.error(line);
  console.error(describeError(error));
  process.exitCode = 1;
}
