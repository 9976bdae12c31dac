/** Counts, shares and instants as people read them. */

const NBSP = '\u00a0';

/**
 * @param {number} n
 * @example count(9000) // '9,000'
 */
export function count(n) {
  return n.toLocaleString('en-US');
}

/**
 * @param {number} n
 * @param {string} one
 * @param {string} [many]
 * @example counted(1, 'call') // '1 call'
 */
export function counted(n, one, many = `${one}s`) {
  return `${count(n)}${NBSP}${n === 1 ? one : many}`;
}

/**
 * @param {number} n
 * @example short(21_300_000) // '21.3M'
 */
export function short(n) {
  for (const [size, letter] of /** @type {const} */ ([
    [1e9, 'B'],
    [1e6, 'M'],
    [1e4, 'k'],
  ])) {
    if (n < size) continue;
    const unit = letter === 'k' ? 1e3 : size;
    return `${(n / unit).toFixed(n < 100 * unit ? 1 : 0).replace(/\.0$/, '')}${letter}`;
  }
  return count(n);
}

/**
 * Never rounds up to all or down to nothing: 99.7 % tagged is not all, and one call in ten thousand is not none.
 * @param {number} share 0 to 1
 */
export function percent(share) {
  if (share <= 0) return `0${NBSP}%`;
  if (share < 0.001) return `<0.1${NBSP}%`;
  if (share < 0.0995) return `${(share * 100).toFixed(1).replace(/\.0$/, '')}${NBSP}%`;
  if (share > 0.995 && share < 1) return `>99${NBSP}%`;
  return `${Math.round(share * 100)}${NBSP}%`;
}

/** @param {Date} at */
export function day(at) {
  return at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
}

/** @param {Date} at */
export function longDay(at) {
  return at.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
}

/** @param {Date} at */
export function clock(at) {
  return at.toLocaleTimeString('en-GB');
}

/** @param {Date} at */
export function hour(at) {
  return at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}

/**
 * @param {Date} at
 * @param {Date} now
 * @returns the time alone for today, else the day too
 */
export function moment(at, now) {
  return at.toDateString() === now.toDateString() ? clock(at) : `${day(at)}, ${hour(at)}`;
}

/** The start of a period: at midnight the day says it all. @param {Date} at */
export function since(at) {
  return at.getHours() === 0 && at.getMinutes() === 0 ? day(at) : `${day(at)}, ${hour(at)}`;
}

/** @param {number} ms */
export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)}${NBSP}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}${NBSP}s`;
  return `${Math.floor(ms / 60_000)}${NBSP}min ${Math.round((ms % 60_000) / 1000)}${NBSP}s`;
}

/** A unit of usage: `cache_read` is read as "cache read". @param {string} name */
export function unit(name) {
  return name.replaceAll('_', ' ');
}

/** @type {Readonly<Record<string, string>>} */
const reasons = {
  unknown_model: 'no price is known for this model',
  unknown_provider: 'no price is known for this provider',
  unknown_unit: 'the price has no rate for something that was used',
  missing_usage: 'the span carries no usage',
  invalid_usage: 'the usage on the span is impossible',
  ambiguous_deployment: 'the deployment may be one of several models',
  no_price_at_time: 'no price was valid at the time of the call',
};

/** Why there is no figure; an unknown reason is shown as it came. @param {string} reason */
export function why(reason) {
  return reasons[reason] ?? reason.replaceAll('_', ' ');
}
