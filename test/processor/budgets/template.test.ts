import { expect, it } from 'vitest';
import { fill, readTemplate } from '../../../processor/budgets/template.ts';

it.each([
  ['{{ $labels.plan }} is at {{ $value }}', 'pro is at 70%'],
  ['{{$labels.plan}}{{- $value -}}', 'pro70%'],
  ['nothing to fill in', 'nothing to fill in'],
  ['', ''],
])('%s', (text, expected) => {
  expect(fill(readTemplate(text, ['plan']), { plan: 'pro' }, '70%')).toBe(expected);
});

it.each([
  ['{{ $labels.team }}', 'no label "team"; they have plan'],
  ['{{ range .Alerts }}', 'is not supported'],
  ['{{ $value', 'is not closed'],
])('%s is refused', (text, why) => {
  expect(() => readTemplate(text, ['plan'])).toThrow(why);
});
