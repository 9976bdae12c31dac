/**
 * What is looked at: the period and the filters. They live in the URL, so that a view can be bookmarked, sent, and left
 * with the back button.
 */

/** @typedef {'24h' | '7d' | '30d' | '90d'} Period */
/** @typedef {'overview' | 'budgets' | 'customers' | 'quality'} Screen */
/** `undefined` is any value, `''` is a call without the tag. @typedef {string | undefined} Choice */
/** @typedef {{ screen: Screen, period: Period, environment: Choice, plan: Choice }} Filters */
/** @typedef {{ name: string, op: '=' | '!=' | '=~' | '!~', value: string }} Matcher */
/** @typedef {{ from: Date, to: Date, bucket: 'hour' | 'day', starts: Date[] }} Range */

/** @type {readonly { period: Period, label: string, words: string, days: number }[]} */
export const periods = [
  { period: '24h', label: '24 h', words: 'the last 24 hours', days: 1 },
  { period: '7d', label: '7 days', words: 'the last 7 days', days: 7 },
  { period: '30d', label: '30 days', words: 'the last 30 days', days: 30 },
  { period: '90d', label: '90 days', words: 'the last 90 days', days: 90 },
];
/** @type {Period} */
const standard = '30d';

/** @type {readonly { screen: Screen, label: string }[]} */
export const screens = [
  { screen: 'overview', label: 'Overview' },
  { screen: 'budgets', label: 'Budgets' },
  { screen: 'customers', label: 'Customers' },
  { screen: 'quality', label: 'Quality' },
];

/**
 * @param {string} search the query of a URL; what isn't understood is left at its default
 * @returns {Filters}
 */
export function readFilters(search) {
  const query = new URLSearchParams(search);
  const period = periods.find(({ period }) => period === query.get('period'))?.period ?? standard;
  const screen = screens.find(({ screen }) => screen === query.get('screen'))?.screen ?? 'overview';
  return { screen, period, environment: query.get('environment') ?? undefined, plan: query.get('plan') ?? undefined };
}

/**
 * @param {Filters} filters
 * @returns {URLSearchParams} without what is the default
 */
export function writeFilters({ screen, period, environment, plan }) {
  const query = new URLSearchParams();
  if (screen !== 'overview') query.set('screen', screen);
  if (period !== standard) query.set('period', period);
  if (environment !== undefined) query.set('environment', environment);
  if (plan !== undefined) query.set('plan', plan);
  return query;
}

/** @param {Period} period */
export function periodWords(period) {
  return periods.find((row) => row.period === period)?.words ?? '';
}

/**
 * Whole hours or whole local days, so that every bar of the chart is complete and that the figures come from rollups alone:
 * 24 hours are the running one and the 23 before it, 30 days are today and the 29 before it. The end is the end of the
 * running hour; two looks within an hour cover the same range.
 * @param {Period} period
 * @param {Date} now
 * @returns {Range}
 */
export function rangeOf(period, now) {
  const thisHour = new Date(now);
  thisHour.setMinutes(0, 0, 0);
  const to = new Date(thisHour.getTime() + 3_600_000);
  const days = periods.find((row) => row.period === period)?.days ?? 30;
  if (days === 1) {
    const starts = Array.from({ length: 24 }, (_, i) => new Date(thisHour.getTime() - (23 - i) * 3_600_000));
    return { from: /** @type {Date} */ (starts[0]), to, bucket: 'hour', starts };
  }
  const [year, month, today] = [now.getFullYear(), now.getMonth(), now.getDate()];
  const starts = Array.from({ length: days }, (_, i) => new Date(year, month, today - (days - 1) + i));
  return { from: /** @type {Date} */ (starts[0]), to, bucket: 'day', starts };
}

/**
 * The API's `where`: matchers with values in double quotes, joined by commas.
 * @param {readonly Matcher[]} matchers
 * @example whereText([{ name: 'plan', op: '=', value: 'pro' }]) // 'plan="pro"'
 */
export function whereText(matchers) {
  return matchers
    .map(({ name, op, value }) => {
      const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
      return `${name}${op}"${escaped}"`;
    })
    .join(',');
}

/**
 * Reads what `whereText` writes; undefined for anything else.
 * @param {string} text
 * @returns {Matcher[] | undefined}
 */
export function readWhere(text) {
  /** @type {Matcher[]} */
  const matchers = [];
  const next = /\s*([a-z_]+)\s*(=~|!~|!=|=)\s*"((?:[^"\\\n]|\\[\\"n])*)"\s*(,|$)/y;
  while (next.lastIndex < text.length) {
    const match = next.exec(text);
    if (match === null) return undefined;
    const [, name = '', op = '=', value = ''] = match;
    const plain = value.replace(/\\(.)/g, (_, char) => (char === 'n' ? '\n' : char));
    matchers.push({ name, op: /** @type {Matcher['op']} */ (op), value: plain });
  }
  return matchers;
}

/**
 * @param {Pick<Filters, 'environment' | 'plan'>} filters
 * @returns {Matcher[]}
 */
export function filterMatchers({ environment, plan }) {
  /** @type {Matcher[]} */
  const matchers = [];
  if (environment !== undefined) matchers.push({ name: 'environment', op: '=', value: environment });
  if (plan !== undefined) matchers.push({ name: 'plan', op: '=', value: plan });
  return matchers;
}

/** @type {Readonly<Record<string, [one: string, many: string]>>} */
const nouns = {
  customer_id: ['customer', 'customers'],
  workspace_id: ['workspace', 'workspaces'],
  task_type: ['task type', 'task types'],
};

/**
 * @param {string} name of a dimension
 * @param {boolean} [plural]
 */
export function noun(name, plural = false) {
  const [one, many] = nouns[name] ?? [name, `${name}s`];
  return plural ? many : one;
}

/**
 * What matchers select, in words.
 * @param {readonly Matcher[]} matchers
 * @example inWords([{ name: 'feature', op: '=', value: 'search' }]) // 'feature search'
 */
export function inWords(matchers) {
  /** @type {string[]} */
  const words = [];
  const left = new Map();
  for (const { name, op, value } of matchers) {
    if (op === '!=') left.set(name, (left.get(name) ?? 0) + 1);
    else if (name === 'status') words.push(`${value} calls`);
    else if (op === '=') words.push(value === '' ? `no ${noun(name)}` : `${noun(name)} ${value}`);
    else words.push(`${noun(name)} ${op} ${value}`);
  }
  for (const [name, n] of left)
    words.push(n === 1 ? `other ${noun(name, true)} than one` : `all but ${n} ${noun(name, true)}`);
  return words.join(' · ');
}
