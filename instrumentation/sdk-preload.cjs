'use strict';
// What `node --require spanledger/instrumentation/sdk` (or --import) loads first: CommonJS in plain old syntax, so that any
// Node can read it.
const { begin, load, say, surroundings } = require('./place.cjs');

begin(() => {
  const register = load('register');
  // The SDK does not even load beside an API that has no logs.
  if (require('@opentelemetry/api').logs === undefined) {
    say(
      'there are no traces: they need @opentelemetry/api 1.10 or later (npm install @opentelemetry/api); calls are recorded',
    );
    register.register(surroundings);
  } else load('sdk').startSdk(surroundings, register);
});
