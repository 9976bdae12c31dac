import { describe, expect, it } from 'vitest';
import { identify } from '../../../processor/stages/identity.ts';
import { makeSpan } from '../../support/span.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const nothing = { traceId: '', spanId: '' };
const zeros = { traceId: '0'.repeat(32), spanId: '0'.repeat(16) };

it('keeps ids that are there', () => {
  expect(identify(makeSpan({ traceId, spanId }))).toMatchObject({ traceId, spanId });
});

describe.each([
  ['absent', nothing],
  ['of zeros', zeros],
])('ids %s', (_, ids) => {
  const id = (attributes: Record<string, string | number>, rest: object = {}): string =>
    Object.values(identify(makeSpan({ ...ids, attributes, ...rest }))).join('/');

  it('become a hash of the same shape, the same for a resend', () => {
    expect(id({ a: 1 })).toMatch(/^[0-9a-f]{32}\/[0-9a-f]{16}$/);
    expect(id({ a: 1 })).toBe(id({ a: 1 }));
  });
  it('differ with attributes, times, name and scope', () => {
    const all = [
      id({ a: 1 }),
      id({ a: 2 }),
      id({ b: 1 }),
      id({ a: 1 }, { startUnixNano: 5n }),
      id({ a: 1 }, { endUnixNano: 5n }),
      id({ a: 1 }, { name: 'other' }),
      id({ a: 1 }, { scope: 'other' }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
  it('are those of the response, where the provider gave it an id', () => {
    expect(id({ a: 1, 'gen_ai.response.id': 'r1' })).toBe(
      id({ a: 2, 'gen_ai.response.id': 'r1' }, { endUnixNano: 7n }),
    );
    expect(id({ 'gen_ai.response.id': 'r1' })).not.toBe(id({ 'gen_ai.response.id': 'r2' }));
  });
  it('stand in only for the one that is missing', () => {
    expect(identify(makeSpan({ ...ids, traceId }))).toMatchObject({ traceId });
    expect(identify(makeSpan({ ...ids, spanId }))).toMatchObject({ spanId });
  });
});
