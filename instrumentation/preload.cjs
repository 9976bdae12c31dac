'use strict';
// What `node --require spanledger/instrumentation` (or --import) loads first: CommonJS in plain old syntax, so that any Node
// can read it. Whatever goes wrong here costs one line on stderr and never the application.
const fs = require('node:fs');
const path = require('node:path');

const [major, minor] = process.versions.node.split('.').map(Number);
const say = (line) => {
  if (process.env.SPANLEDGER_LOG !== 'off') process.stderr.write(`spanledger: ${line}\n`);
};

if (major < 22 || (major === 22 && minor < 18)) {
  say(`Node ${process.versions.node} is too old, 22.18 or later is needed; nothing is recorded`);
} else {
  // What is published is a bundle beside this file; in the repository the sources run directly.
  const file = (name) => {
    const bundle = path.join(__dirname, `${name}.cjs`);
    return fs.existsSync(bundle) ? bundle : path.join(__dirname, `${name}.ts`);
  };
  try {
    const bundled = fs.existsSync(path.join(__dirname, 'register.cjs'));
    require(file('register')).register({
      loadExporter: () => require(file('export')),
      say,
      asideHook: path.join(__dirname, bundled ? 'hook-aside.js' : 'hook-aside.ts'),
      tokenizer: path.join(__dirname, bundled ? 'tokenizer.cjs' : 'tokenizer.ts'),
      packageJson: path.join(__dirname, bundled ? '../../package.json' : '../package.json'),
    });
  } catch (error) {
    if (String(error.code).endsWith('MODULE_NOT_FOUND') && String(error.message).includes('@opentelemetry/api'))
      say('@opentelemetry/api is not installed; run "npm install @opentelemetry/api"; nothing is recorded');
    else say(`could not start, nothing is recorded: ${error.message}`);
  }
}
