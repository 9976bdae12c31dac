import { expect, test } from 'vitest';
import { noticeProblem, readNotices } from '../../examples/notices.ts';
import { parseUsd } from '../../pricing/money.ts';

const alert = (threshold: string, spent: string): unknown => ({
  labels: { budget: 'agent-per-customer', customer_id: 'loop-labs', threshold },
  annotations: { spent: `${spent} USD`, amount: '0.1 USD' },
});
const perCall = parseUsd('0.005');

test('the call of a notice follows from what was spent', () => {
  const bodies = [{ alerts: [alert('70%', '0.07')] }, { alerts: [alert('90%', '0.09'), alert('110%', '0.11')] }];
  const notices = readNotices(bodies, perCall);
  expect(notices[0]).toEqual({
    budget: 'agent-per-customer',
    customer: 'loop-labs',
    threshold: '70%',
    spent: '0.07 USD',
    amount: '0.1 USD',
    call: 14,
  });
  expect(noticeProblem(notices)).toEqual([]);
});

test.each([
  ['nothing', [], 'it was told nothing'],
  ['too late', [alert('70%', '0.075')], 'it was told 70% at call 15'],
  ['twice', [alert('70%', '0.07'), alert('70%', '0.07')], 'it was told 70% at call 14, 70% at call 14'],
])('told %s is a problem', (_, alerts, problem) => {
  expect(noticeProblem(readNotices([{ alerts }], perCall))).toEqual([expect.stringContaining(problem)]);
});
