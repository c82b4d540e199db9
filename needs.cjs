// Says in one line what is missing before a program is run: plain JavaScript, which every Node can read.
'use strict';
const { existsSync } = require('node:fs');
const path = require('node:path');

function missing() {
  if (!existsSync(path.join(__dirname, 'node_modules', '.bin'))) return 'node_modules is missing: run npm ci first';
  if (!process.features.typescript)
    return (
      'this is Node ' +
      process.versions.node +
      ', which does not run TypeScript: run npm ci, which installs Node 24, and then the npm scripts, which use it'
    );
  return undefined;
}

const problem = missing();
if (problem !== undefined) {
  process.stderr.write(problem + '\n');
  process.exit(1);
}
