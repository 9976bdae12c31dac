import { amount } from './amount.js';
import { h } from './dom.js';
import { table } from './table.js';
import { count, moment, why } from './words.js';

/** @import { Entry } from './api.js' */

/** Units of usage that are part of the input, or of the output, of a call; the others are neither. */
const sides = { input: /^(input|cache_(read|write))/, output: /^(output|reasoning)/ };

/**
 * Calls, newest first, one row each.
 * @param {readonly Entry[]} entries
 * @param {Date} now
 */
export function callsTable(entries, now) {
  return table({
    caption: 'Calls, the newest first',
    look: 'calls',
    columns: [
      { name: 'When' },
      { name: 'Customer' },
      { name: 'Feature' },
      { name: 'Model' },
      { name: 'Input', right: true },
      { name: 'Output', right: true },
      { name: 'Cost', right: true },
    ],
    rows: entries.map((entry) => ({
      key: `${entry.trace_id}/${entry.span_id}/${entry.rev}`,
      cells: cells(entry, now),
    })),
  });
}

/**
 * @param {Entry} entry
 * @param {Date} now
 */
function cells(entry, now) {
  const { charge } = entry;
  const label = `${entry.model || 'unknown model'}, ${entry.customer_id || 'no customer'}`;
  const origin = { call: `${entry.trace_id}/${entry.span_id}` };
  return [
    h('time', { datetime: entry.start, title: entry.start }, moment(new Date(entry.start), now)),
    tag(entry.customer_id),
    tag(entry.feature),
    [entry.model || '—', note(entry)],
    tokens(entry, 'input'),
    tokens(entry, 'output'),
    [
      amount(charge.status === 'priced' ? charge.amount_usd : null, origin, label),
      charge.status === 'unpriced' && h('span', { class: 'warn sub' }, why(charge.reason)),
    ],
  ];
}

/** @param {string} value */
function tag(value) {
  return value === '' ? h('span', { class: 'faint' }, 'Unassigned') : value;
}

/** What sets a call apart. @param {Entry} entry */
function note({ attempts, error, usage_state: state, fallback_from: fallback, rev }) {
  const notes = [
    rev > 0 && 'adjustment',
    attempts > 1 && `${attempts} attempts`,
    fallback !== '' && fallback != null && `instead of ${fallback}`,
    state !== 'reported' && `usage ${state}`,
    error !== '' && error != null && `error ${error}`,
  ].filter((text) => text !== false);
  return notes.length === 0 ? null : h('span', { class: 'faint sub' }, notes.join(' · '));
}

/**
 * @param {Entry} entry
 * @param {keyof typeof sides} side
 */
function tokens({ usage }, side) {
  const units = Object.entries(usage).filter(([unit]) => sides[side].test(unit));
  return units.length === 0 ? '—' : count(units.reduce((sum, [, n]) => sum + n, 0));
}
