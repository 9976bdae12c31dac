import { h } from './dom.js';
import { addUp, exact } from './money.js';
import { table } from './table.js';
import { count, unit } from './words.js';

/** @import { Line } from './api.js' */

/**
 * Quantity times rate is amount, line by line.
 * @param {readonly Line[]} lines
 * @param {string} caption
 * @param {boolean} [summed]
 */
export function linesTable(lines, caption, summed = lines.length > 1) {
  const amounts = lines.map(({ amount_usd: amount }) => amount);
  return table({
    caption,
    look: 'lines',
    columns: [
      { name: 'What' },
      { name: 'Quantity', right: true },
      { name: 'Rate', right: true },
      { name: 'Amount', right: true },
    ],
    rows: lines.map(
      ({ unit: name, quantity, rate_usd: rate, rate_usd_per_million: perMillion, amount_usd: amount }) => {
        const byMillion = isToken(name);
        return {
          cells: [
            unit(name),
            count(quantity),
            [
              h('span', { class: 'faint' }, '× '),
              h('span', { title: `${exact(rate)} for one` }, exact(byMillion ? perMillion : rate)),
              h('span', { class: 'faint' }, byMillion ? ' / 1M' : ' each'),
            ],
            [h('span', { class: 'faint' }, '= '), exact(amount)],
          ],
        };
      },
    ),
    sum: summed ? exact(addUp(amounts)) : undefined,
  });
}

/** The order in which a call uses them. */
const order = [/^input/, /^cache_read/, /^cache_write/, /^output/, /^reasoning/];

/** @param {string} unit */
function rank(unit) {
  const found = order.findIndex((start) => start.test(unit));
  return found < 0 ? order.length : found;
}

/**
 * @param {Line} a
 * @param {Line} b
 */
export function asRead(a, b) {
  return rank(a.unit) - rank(b.unit) || (a.unit < b.unit ? -1 : 1);
}

/** Tokens are priced by the million; whatever else is counted, by the piece. @param {string} name */
function isToken(name) {
  return /^(input|output|reasoning|cache_(read|write))/.test(name);
}
