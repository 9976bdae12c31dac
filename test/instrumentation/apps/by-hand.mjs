import { reportOutcome, trackUsage, withTags, withTask } from '../../../instrumentation/index.ts';

const taken = [];
withTags({ customer_id: 'acme' }, () => {
  const usage = { input: 1000, cache_read: 250, cache_write_1h: 100, output: 300, reasoning: 40, web_search: 2 };
  taken.push(
    trackUsage({
      provider: 'openai',
      model: 'gpt-4o',
      serviceTier: 'batch',
      usage,
      responseId: 'r1',
      startedAt: new Date('2026-11-01T00:00:00Z'),
      durationMs: 1500,
    }),
  );
  taken.push(trackUsage({ provider: 'openai', model: 'gpt-4o', usage: { input: -1 } }));
});
withTask({ task_type: 'summary' }, (id) => taken.push(typeof id === 'string', reportOutcome(id, 'success', 2.5)));
withTask({ task_type: 'summary', task_id: 't2' }, (id) => taken.push(reportOutcome(id, 'failure')));
console.log(JSON.stringify(taken));
