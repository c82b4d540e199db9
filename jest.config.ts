// How jest runs the tests: tests/jest/runner.ts gives each file a Node process of its own.

import type { Config } from 'jest';

const config: Config = {
  runner: '<rootDir>/tests/jest/runner.ts',
  testSequencer: '<rootDir>/tests/jest/sequencer.ts',
  reporters: ['default', '<rootDir>/tests/jest/skip-reporter.ts'],
  testMatch: ['<rootDir>/tests/**/*.test.ts', '<rootDir>/packages/*/tests/**/*.test.ts'],
  testTimeout: 300_000,
  maxWorkers: 3, // Of two cores: the longest files wait for the most part.
  transform: {}, // Node itself strips the types.
  coverageProvider: 'v8',
};

export default config;
