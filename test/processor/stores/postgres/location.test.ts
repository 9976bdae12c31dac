import { describe, expect, test } from 'vitest';
import { readLocation } from '../../../../processor/stores/postgres/location.ts';
import { decodeText, encodeText } from '../../../../processor/stores/postgres/texts.ts';

describe('the URL of a ledger in PostgreSQL', () => {
  test.each([
    ['postgres://ledger:s3cret@db.internal:5433/costs', 'db.internal:5433/costs', '"spanledger"'],
    ['postgresql://db/costs?schema=prod&sslmode=verify-full', 'db/costs, schema prod', '"prod"'],
  ])('%s', (url, shown, schema) => {
    expect(readLocation(url)).toMatchObject({ shown, schema });
    expect(readLocation(url).url).not.toContain('schema=');
  });

  test.each([
    'postgres://u:s3cret@db',
    'postgres://u:s3cret@db/costs?schema=a"b',
    'postgres://u:s3cret@:x/y',
    './a.db',
  ])('%s is none, and nothing of it is repeated', (url) => {
    expect(() => readLocation(url)).toThrow(/postgres:\/\/user@host/);
    expect(() => readLocation(url)).not.toThrow(/s3cret/);
  });
});

test.each(['', 'plain', '\u0000', '\u00010\u0000', 'a\u0001b\u00011', '\u0001\u0001'])(
  '%j comes back as it was',
  (text) => {
    expect(decodeText(encodeText(text))).toBe(text);
    expect(encodeText(text)).not.toContain('\u0000');
  },
);
