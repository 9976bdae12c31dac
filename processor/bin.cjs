#!/usr/bin/env node
'use strict';
// The command line's first file. It is CommonJS in plain old syntax so that any Node can read it: one that is too old gets
// one line instead of a stack trace. In the repository main.ts runs directly; what is published has main.js.
const { existsSync } = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `spanledger: Node ${process.versions.node} is too old, 22.18 or later is needed. In a clone, "npm ci" brings a newer ` +
      'Node for the npm scripts, unless install scripts are off (--ignore-scripts); elsewhere install one from https://nodejs.org\n',
  );
  process.exit(2);
}
if (process.argv[2] !== '--check-node') {
  const built = path.join(__dirname, 'main.js');
  import(pathToFileURL(existsSync(built) ? built : path.join(__dirname, 'main.ts')).href).catch((error) => {
    process.stderr.write(`spanledger: ${error.stack}\n`);
    process.exit(1);
  });
}
