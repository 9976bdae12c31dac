import { h } from './dom.js';

/** @import { Child } from './dom.js' */
/** @typedef {{ name: string, right?: boolean }} Column */
/** @typedef {{ key?: string, cells: readonly (Child | readonly Child[])[] }} Row */

/**
 * A table whose first cell in a row names it. On a phone some become lists by CSS, which would take their meaning away:
 * therefore the roles.
 * @param {{ columns: readonly Column[], rows: readonly Row[], caption: string, look?: string, sum?: string | undefined }} table
 * `sum` stands under the last column
 */
export function table({ columns, rows, caption, look = '', sum }) {
  const right = (/** @type {number} */ i) => (columns[i]?.right === true ? 'right' : undefined);
  const heads = columns.map(({ name }, i) => h('th', { scope: 'col', role: 'columnheader', class: right(i) }, name));
  return h(
    'table',
    { class: `grid ${look}`, role: 'table' },
    h('caption', { class: 'unseen' }, caption),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ...heads)),
    h('tbody', { role: 'rowgroup' }, ...rows.map(row)),
    sum !== undefined &&
      h(
        'tfoot',
        { role: 'rowgroup' },
        h(
          'tr',
          { role: 'row' },
          h('th', { scope: 'row', role: 'rowheader', colspan: columns.length - 1 }, 'Together'),
          h('td', { role: 'cell', class: 'right' }, sum),
        ),
      ),
  );

  /** @param {Row} row */
  function row({ key, cells }) {
    const elements = cells.map((cell, i) => {
      const children = Array.isArray(cell) ? cell : [cell];
      return i === 0
        ? h('th', { scope: 'row', role: 'rowheader', class: right(i) }, ...children)
        : h('td', { role: 'cell', class: right(i) }, ...children);
    });
    return h('tr', { role: 'row', 'data-key': key }, ...elements);
  }
}

/**
 * Something wide that scrolls by itself, with the keyboard too.
 * @param {string} label
 * @param {Child} child
 */
export function scrolling(label, child) {
  return h('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': label }, child);
}
