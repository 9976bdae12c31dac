'use strict';
// Where the instrumentation is and how its parts are loaded, for every way in. Plain old syntax, so that any Node can read it.
const fs = require('node:fs');
const path = require('node:path');

// What is published is a bundle beside this file; in the repository the sources run directly.
const bundled = fs.existsSync(path.join(__dirname, 'register.cjs'));
const fileOf = (name, built) => path.join(__dirname, `${name}.${bundled ? built : 'ts'}`);

/** One line for people. */
const say = (line) => {
  if (process.env.SPANLEDGER_LOG !== 'off') process.stderr.write(`spanledger: ${line}\n`);
};
const load = (name) => require(fileOf(name, 'cjs'));

exports.load = load;
exports.say = say;
exports.surroundings = {
  loadExporter: () => load('export'),
  loadGuard: () => load('guard'),
  say,
  asideHook: fileOf('hook-aside', 'js'),
  tokenizer: fileOf('tokenizer', 'cjs'),
  lastGasp: fileOf('last-gasp', 'cjs'),
  packageJson: path.join(__dirname, bundled ? '../../package.json' : '../package.json'),
};

/** Runs `start` where Node is new enough. Whatever goes wrong costs one line on stderr and never the application. */
exports.begin = (start) => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 18)) {
    say(`Node ${process.versions.node} is too old, 22.18 or later is needed; nothing is recorded`);
    return;
  }
  try {
    start();
  } catch (error) {
    if (String(error.code).endsWith('MODULE_NOT_FOUND') && String(error.message).includes('@opentelemetry/api'))
      say('@opentelemetry/api is not installed; run "npm install @opentelemetry/api"; nothing is recorded');
    else say(`could not start, nothing is recorded: ${error.message}`);
  }
};
