// Goes before every program of the npm scripts, in plain JavaScript that every Node can read: says in one line what is missing.
'use strict';
const { existsSync } = require('node:fs');
const path = require('node:path');

function missing() {
  if (!existsSync(path.join(__dirname, 'node_modules', '.bin')))
    return 'node_modules is missing: run npm ci first';
  // After an update of the checkout.
  const lacking = Object.keys(require('./package.json').dependencies).find(
    (name) => !existsSync(path.join(__dirname, 'node_modules', name)),
  );
  if (lacking !== undefined) return 'node_modules lacks ' + lacking + ': run npm ci again';
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

// Whoever reads what is printed may stop, as `head` does. That is no error, and the program comes to its own end.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
