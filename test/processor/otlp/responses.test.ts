import { describe, expect, it } from 'vitest';
import { exportResponse, partialSuccess, rpcCodes, statusBody } from '../../../processor/otlp/index.ts';
import { message } from '../../support/otlp.ts';

describe('ExportTraceServiceResponse', () => {
  it('is zero bytes, or an empty object, when all is well', () => {
    expect(exportResponse('protobuf')).toHaveLength(0);
    expect(Buffer.from(exportResponse('json')).toString()).toBe('{}');
  });
  it.each(['protobuf', 'json'] as const)('carries a warning with no span rejected, in %s', (encoding) => {
    expect(partialSuccess(encoding, exportResponse(encoding, 'too old'))).toBe('too old');
  });
});

describe('the partial success of a backend', () => {
  it.each([
    ['json', '{}', undefined],
    ['json', '{"partialSuccess":null}', undefined],
    ['json', '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"quota"}}', '2 spans rejected: quota'],
    ['json', '{"partialSuccess":{"rejectedSpans":2}}', '2 spans rejected'],
    ['json', '<html>', undefined],
    ['protobuf', message([1, message([2, 'quota'])]), 'quota'],
    ['protobuf', Uint8Array.of(0x0a, 0x7f), undefined],
  ] as const)('%s %s', (encoding, body, expected) => {
    expect(partialSuccess(encoding, Buffer.from(body))).toBe(expected);
  });
});

describe('google.rpc.Status', () => {
  const status = { code: rpcCodes.invalidArgument, message: 'cut', field: 'body' };
  it('in JSON names the field in a BadRequest', () => {
    expect(JSON.parse(Buffer.from(statusBody('json', status)).toString())).toEqual({
      code: 3,
      message: 'cut',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.BadRequest',
          fieldViolations: [{ field: 'body', description: 'cut' }],
        },
      ],
    });
  });
  it('in protobuf has the same fields at their numbers', () => {
    const violation = message([1, message([1, 'body'], [2, 'cut'])]);
    const any = message([1, 'type.googleapis.com/google.rpc.BadRequest'], [2, violation]);
    const expected = Buffer.concat([Uint8Array.of(0x08, 3), message([2, 'cut'], [3, any])]);
    expect(Buffer.from(statusBody('protobuf', status)).equals(expected)).toBe(true);
  });
});
