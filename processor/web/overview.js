import { address } from './api.js';
import { breakdown, panelHead } from './breakdown.js';
import { callsTable } from './calls.js';
import { daysChart } from './days.js';
import { show } from './dom.js';
import { filterMatchers, inWords, periodWords } from './filters.js';
import { cheaperPanel, costOfOne, growthPanel, plansPanel } from './five.js';
import { isRead, panel, showLesson } from './frame.js';
import { noCalls, noTags, nothingBillable, nothingHere } from './lessons.js';
import { money } from './money.js';
import { askBudgets, askCalls, askCandidates, askOverview, asked, askStatus, zone } from './questions.js';
import { qualityFacts, totalPanel } from './total.js';

/** @import { Budget, CostRow, Overview, Status } from './api.js' */
/** @import { Filters } from './filters.js' */
/** @import { Asked } from './questions.js' */

const chart = daysChart(panel('days'));

/**
 * The five questions; or, where there are no calls, what to do about it.
 * @param {Filters} filters
 * @param {AbortSignal} signal
 * @returns {Promise<string | undefined>} what to say to those who don't see it; undefined where it was aborted
 */
export async function overviewScreen(filters, signal) {
  const subject = asked(filters);
  const [status, answer, { budgets }] = await Promise.all([
    askStatus(signal),
    askOverview(subject, signal),
    askBudgets(signal),
  ]);
  if (signal.aborted) return undefined;
  // A ledger is read by one thread: what is looked at first is asked for first, the rest while that is drawn.
  const [calls, candidates] = [askCalls(subject, signal), askCandidates(subject, signal)];
  // They are awaited later; should one of them fail meanwhile, it is told then.
  for (const promise of [calls, candidates]) promise.catch(() => undefined);
  const { total } = answer;
  show(panel('trust'), ...qualityFacts(status, total, answer.untagged));
  const lesson = total.calls > 0 ? undefined : emptyLesson(status, filters);
  panel('controls').hidden = status.ledger.first === null && total.calls === 0;
  if (lesson === undefined) figures(answer, subject, filters, status, budgets);
  showLesson(lesson);
  if (lesson === undefined) {
    const [{ entries }, cheaper] = await Promise.all([calls, candidates]);
    if (signal.aborted) return undefined;
    if (!isRead(panel('calls'))) show(panel('calls'), panelHead('Recent calls'), callsTable(entries, new Date()));
    show(panel('cheaper'), ...cheaperPanel(cheaper, address('candidates', { ...subject.query, limit: 20 })));
  }
  return `${total.cost_usd === null ? 'No priced calls' : money(total.cost_usd)} in ${periodWords(filters.period)}`;
}

/**
 * @param {Status} status
 * @param {Filters} filters
 */
export function emptyLesson(status, filters) {
  if (status.ledger.first === null) return status.received.spans > 0 ? nothingBillable(status) : noCalls(status);
  const chosen = filterMatchers(filters);
  const words = [`in ${periodWords(filters.period)}`, inWords(chosen)].filter(Boolean).join(', with ');
  return nothingHere(words, chosen.length > 0 ? 'unfiltered' : filters.period === '90d' ? undefined : '90d');
}

/**
 * @param {Overview} answer
 * @param {Asked} subject
 * @param {Filters} filters
 * @param {Status} status
 * @param {readonly Budget[]} budgets
 */
function figures(
  { total, features, customers, models, plans, buckets, growth },
  { range, query },
  filters,
  status,
  budgets,
) {
  const csv = (/** @type {Record<string, string>} */ more) => address('costs', { ...query, ...more, format: 'csv' });
  show(panel('total'), ...totalPanel(total, periodWords(filters.period), growth.total, status, budgets));
  chart.show(buckets, range, csv({ bucket: range.bucket, tz: zone }));
  const nobody = isUntagged(customers, 'customer_id');
  const dark = isUntagged(features, 'feature');
  show(
    panel('feature'),
    ...breakdown({
      title: 'Which feature costs the most',
      by: ['feature'],
      rows: features,
      total,
      csv: csv({ by: 'feature' }),
      lesson: dark && noTags('feature', nobody),
    }),
  );
  show(panel('growth'), ...growthPanel(growth, status));
  show(panel('action'), ...costOfOne(features, csv({ by: 'feature' })));
  show(panel('plans'), ...plansPanel(plans, total, csv({ by: 'plan' })));
  show(
    panel('customer'),
    ...breakdown({
      title: 'By customer',
      by: ['customer_id'],
      rows: customers,
      total,
      csv: csv({ by: 'customer_id' }),
      lesson: nobody && noTags('customer_id'),
    }),
  );
  show(
    panel('model'),
    ...breakdown({
      title: 'By model',
      by: ['model', 'provider'],
      rows: models,
      total,
      csv: csv({ by: 'provider,model' }),
      lesson: false,
    }),
  );
}

/** @param {readonly CostRow[]} rows @param {string} name */
function isUntagged(rows, name) {
  return rows.length > 0 && rows.every((row) => row[name] === '');
}
