import { expect, test } from 'vitest';
import { negotiate } from '../../../processor/metrics/negotiate.ts';

test.each([
  // Prometheus 2.42, 2.53 and 3.5 as they ask.
  [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'openmetrics',
  ],
  [
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    'openmetrics',
  ],
  ['application/openmetrics-text; version=2.0.0, text/plain', 'text'],
  ['application/openmetrics-text;q=0.2,text/plain;q=0.9', 'text'],
  ['application/openmetrics-text;q=0', 'text'],
  ['application/openmetrics-text;q=x', 'text'],
  ['text/html,*/*;q=0.8', 'text'],
  ['*/*', 'text'],
  ['', 'text'],
  [undefined, 'text'],
])('%s', (accept, format) => {
  expect(negotiate(accept)).toBe(format);
});
