import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dimensionNames, type Dimensions, type Matcher } from '../../processor/ledger.ts';
import { matchAll, matchersText, parseMatcher, parseMatchers } from '../../processor/matcher.ts';

const dimensions = (tags: Partial<Dimensions>): Dimensions =>
  ({ ...Object.fromEntries(dimensionNames.map((name) => [name, ''])), ...tags }) as Dimensions;

describe('matchers', () => {
  it.each([
    ['plan="pro"', 'plan', '=', 'pro'],
    [' plan != "pro" ', 'plan', '!=', 'pro'],
    ['plan=~"pro|enterprise"', 'plan', '=~', 'pro|enterprise'],
    ['plan!~pro.*', 'plan', '!~', 'pro.*'],
    ['feature=""', 'feature', '=', ''],
    ['feature="a \\"b\\" \\\\ , {c}"', 'feature', '=', 'a "b" \\ , {c}'],
  ])('%s', (text, name, op, value) => {
    expect(parseMatcher(text)).toEqual({ name, op, value });
  });

  it.each([
    ['plan', 'is not a matcher'],
    ['plan="pro', 'is not a matcher'],
    ['plan=="pro"', 'is not a matcher'],
    ['plam="pro"', 'did you mean "plan"?'],
    ['colour="red"', 'there are customer_id, feature'],
    ['plan=~"(pro"', 'is not a regular expression'],
  ])('%s is refused', (text, why) => {
    expect(() => parseMatcher(text)).toThrow(why);
  });

  it.each([
    ['plan="pro"', 'pro', true],
    ['plan="pro"', 'prod', false],
    ['plan!="pro"', '', true],
    ['plan=~"pro"', 'prod', false],
    ['plan=~"pro|free"', 'free', true],
    ['plan=~"a|b.*"', 'xb', false],
    ['plan=~"a.b"', 'a\nb', true],
    ['plan=~""', '', true],
    ['plan!~"pro.*"', 'prod', false],
    ['plan!~"pro.*"', '', true],
  ])('%s on "%s": %s', (text, plan, expected) => {
    expect(matchAll([parseMatcher(text)])(dimensions({ plan }))).toBe(expected);
  });

  it('hold all together', () => {
    const both = matchAll(parseMatchers('plan="pro", feature!="a,b"'));
    expect(both(dimensions({ plan: 'pro', feature: 'c' }))).toBe(true);
    expect(both(dimensions({ plan: 'pro', feature: 'a,b' }))).toBe(false);
    expect(both(dimensions({ feature: 'c' }))).toBe(false);
    expect(parseMatchers('  ')).toEqual([]);
  });

  it('are read as they are written', () => {
    const matcher = fc.record<Matcher>({
      name: fc.constantFrom(...dimensionNames),
      op: fc.constantFrom('=', '!='),
      value: fc.string({ unit: 'binary' }),
    });
    fc.assert(
      fc.property(fc.array(matcher), (matchers) => {
        expect(parseMatchers(matchersText(matchers))).toEqual(matchers);
      }),
    );
  });
});
