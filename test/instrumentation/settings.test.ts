import { expect, test } from 'vitest';
import { readSettings } from '../../instrumentation/settings.ts';

test.each([
  [{}, 'http://localhost:4318', []],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://u:p@otlp.example/base?key=1' }, 'https://otlp.example/base', []],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' },
    'nowhere (OTEL_EXPORTER_OTLP_ENDPOINT)',
    ['OTEL_EXPORTER_OTLP_ENDPOINT is not a URL such as http://localhost:4318: nothing can be sent'],
  ],
  [
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'garbage', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' },
    'nowhere (OTEL_EXPORTER_OTLP_TRACES_ENDPOINT)',
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is not a URL such as http://localhost:4318: nothing can be sent'],
  ],
  [
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    'http://localhost:4318',
    [
      'OTEL_EXPORTER_OTLP_PROTOCOL=grpc: spans are sent over HTTP all the same, to port 4318 unless an endpoint says otherwise',
    ],
  ],
  [
    { SPANLEDGER_TAGS: 'team=search, ,garbage' },
    'http://localhost:4318',
    ["SPANLEDGER_TAGS: 1 of 2 can't be read; write team=search,environment=production"],
  ],
])('%o', (env, endpoint, mistakes) => {
  expect(readSettings(env)).toMatchObject({ endpoint, mistakes });
});
