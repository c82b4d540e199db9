#!/usr/bin/env node
// The program `local-cloud`: plain JavaScript, so that a Node that runs no TypeScript gets one line instead of a stack trace.
'use strict';

if (process.features.typescript) {
  void import('./cli.ts');
} else {
  process.stderr.write(
    'local-cloud needs Node 24, and this is Node ' +
      process.versions.node +
      ': put the folder node_modules/.bin of its checkout first in PATH, where npm ci installs Node 24\n',
  );
  process.exitCode = 1;
}
