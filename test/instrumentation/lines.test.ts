import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lines } from '../../instrumentation/lines.ts';

const all = (lines: Lines): string[] => {
  const found: string[] = [];
  for (let line = lines.next(); line !== undefined; line = lines.next()) found.push(line);
  return found;
};

test('however a text comes, its lines are the same, and none is kept', () => {
  const text = fc.array(fc.constantFrom('a', '\n', 'é', '')).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, fc.array(fc.nat(20), { maxLength: 10 }), (whole, cuts) => {
      const lines = new Lines();
      const found: string[] = [];
      let at = 0;
      for (const cut of cuts) {
        lines.push(whole.slice(at, at + cut));
        at += cut;
        if (cut % 2 === 0) found.push(...all(lines));
      }
      lines.push(whole.slice(at));
      found.push(...all(lines));
      lines.end();
      found.push(...all(lines));
      const expected = whole.split('\n');
      if (expected.at(-1) === '') expected.pop();
      expect(found).toEqual(expected);
      expect(lines.unread).toBe(0);
    }),
  );
});

test('a line without an end is not kept for ever, and the next one is read', () => {
  const lines = new Lines();
  const piece = 'x'.repeat(1024 * 1024);
  for (let n = 0; n < 20; n++) {
    lines.push(piece);
    expect(lines.next()).toBeUndefined();
  }
  lines.push('\n{"a":1}\n');
  expect(all(lines)).toEqual(['', '{"a":1}']);
});
