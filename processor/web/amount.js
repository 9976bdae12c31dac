import { whereText } from './filters.js';
import { h } from './dom.js';
import { money, moneyIn } from './money.js';
import { counted } from './words.js';

/** @import { Matcher } from './filters.js' */

/**
 * What a figure is of: matchers and a time, beside the page's filters and period or (`alone`) without them; or one call.
 * @typedef {{ where?: readonly Matcher[] | string, from?: Date, to?: Date, alone?: boolean, call?: string }} Origin
 */

/**
 * A figure that opens its derivation. Without one, "—" says that the price is not known; it opens the reason.
 * @param {string | null} cost
 * @param {Origin} origin
 * @param {string} label what it is the cost of, for those who don't see the row
 * @param {{ dearest?: string, big?: boolean }} [look]
 */
export function amount(cost, origin, label, { dearest, big = false } = {}) {
  const text = cost === null ? '—' : dearest === undefined ? money(cost) : moneyIn(cost, dearest);
  return figure(text, origin, `${cost === null ? 'Unpriced' : text}: ${label}`, big);
}

/**
 * Any figure that opens its derivation.
 * @param {string} text
 * @param {Origin} origin
 * @param {string} label
 * @param {boolean} [big]
 */
export function figure(text, origin, label, big = false) {
  return h(
    'button',
    {
      type: 'button',
      class: big ? 'amount big' : 'amount',
      'aria-haspopup': 'dialog',
      'aria-label': `${label}. Show the derivation`,
      'data-derive': origin.call === undefined ? whereOf(origin) : undefined,
      'data-from': origin.from?.toISOString(),
      'data-to': origin.to?.toISOString(),
      'data-alone': origin.alone === true ? '1' : undefined,
      'data-call': origin.call,
    },
    text,
  );
}

/** @param {Origin} origin */
function whereOf({ where = [] }) {
  return typeof where === 'string' ? where : whereText(where);
}

/**
 * Beside a figure that leaves calls out, because they have no price.
 * @param {number} calls
 */
export function unpricedNote(calls) {
  return calls === 0 ? null : h('span', { class: 'warn' }, `+ ${counted(calls, 'unpriced', 'unpriced')}`);
}
