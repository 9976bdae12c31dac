import { expect, it, onTestFinished } from 'vitest';
import { loadBudgets } from '../../../processor/budgets/index.ts';
import { answerLine, tellAll } from '../../../processor/commands/budgets-notify.ts';
import { deadAddress, startReceiver } from '../budgets/support.ts';

it('every receiver gets a test message, and what each answered is told without its secrets', async () => {
  const receiver = await startReceiver();
  onTestFinished(() => receiver.stop());
  const dead = await deadAddress();
  receiver.answer(200, 403);
  const loaded = loadBudgets(
    'budgets.yaml',
    `groups: []
notify:
  alertmanager: { url: '${receiver.url.origin}' }
  route: { receiver: ops, routes: [{ matchers: ['severity="page"'], receiver: pager }] }
  receivers:
    - { name: ops, slack_configs: [{ api_url: '${receiver.url.origin}/services/hush' }] }
    - { name: pager, webhook_configs: [{ url: '${dead.href}' }, { url_env: NO_SUCH_VARIABLE }] }
`,
  );
  if (loaded.status === 'invalid' || loaded.notify === undefined) throw new Error('not valid');
  const answers = await tellAll(loaded.notify, Date.UTC(2026, 10, 26));
  expect(answers.filter(({ taken }) => taken)).toHaveLength(1);
  expect(answers.slice(2).map(answerLine)).toEqual([
    `FAILED pager.webhook_configs[0] (${dead.origin}): ECONNREFUSED`,
    'FAILED pager.webhook_configs[1]: the variable NO_SUCH_VARIABLE is not set',
  ]);
  expect(JSON.stringify(answers)).not.toContain('hush');
  const posted = JSON.stringify(receiver.posts.map(({ body }) => body));
  expect(posted).toContain('BudgetTest');
  // In Alertmanager it ends by itself.
  expect(posted).toContain('"endsAt":"2026-11-26T00:01:00.000Z"');
});
