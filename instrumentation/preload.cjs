'use strict';
// What `node --require spanledger/instrumentation` (or --import) loads first: CommonJS in plain old syntax, so that any Node
// can read it.
const { begin, load, surroundings } = require('./place.cjs');

begin(() => load('register').register(surroundings));
