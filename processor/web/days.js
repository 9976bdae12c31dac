import { amount, unpricedNote } from './amount.js';
import { panelHead } from './breakdown.js';
import { h, show } from './dom.js';
import { money } from './money.js';
import { scrolling, table } from './table.js';
import { count, counted, day, hour, longDay } from './words.js';

/** @import { CostRow } from './api.js' */
/** @import { Range } from './filters.js' */

/**
 * One bar. `cost` is undefined where there were no calls and null where none of them has a price.
 * @typedef {{ start: Date, end: Date, label: string, title: string, cost: string | null | undefined, calls: number, unpriced: number }} Bar
 */

const HEIGHT = 190;

/**
 * A row of the API for every hour or day of the range, those without calls too.
 * @param {readonly CostRow[]} found
 * @param {Range} range
 * @returns {Bar[]}
 */
export function barsOf(found, { starts, to, bucket }) {
  const rows = new Map(found.map((row) => [instant(row.bucket ?? ''), row]));
  return starts.map((start, i) => {
    const row = rows.get(start.getTime());
    const title = bucket === 'day' ? longDay(start) : `${longDay(start)}, ${hour(start)}`;
    return {
      start,
      end: starts[i + 1] ?? to,
      label: bucket === 'day' ? day(start) : hour(start),
      title: i === starts.length - 1 ? `${title}, so far` : title,
      cost: row?.cost_usd,
      calls: row?.calls ?? 0,
      unpriced: row?.unpriced_calls ?? 0,
    };
  });
}

/** @param {string} bucket a day of the time zone asked for, or an instant */
function instant(bucket) {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(bucket) ?? [];
  return year === undefined ? Date.parse(bucket) : new Date(Number(year), Number(month) - 1, Number(date)).getTime();
}

/**
 * The chart of cost per day or hour, which lasts as long as the page. A canvas says nothing to a screen reader or a
 * keyboard: the same figures stand in a table below.
 * @param {HTMLElement} panel
 */
export function daysChart(panel) {
  /** @type {Bar[]} */
  let bars = [];
  const head = h('div');
  const canvas = h('div', { class: 'chart', role: 'img' });
  const tip = h('div', { class: 'tip', 'aria-hidden': 'true', hidden: true });
  const note = h('p', { class: 'faint note', hidden: true }, h('span', { class: 'dot' }), ' calls without a price');
  const figures = scrolling('Cost over time, as a table', null);
  panel.append(head, canvas, note, h('details', {}, h('summary', {}, 'As a table'), figures));
  canvas.append(tip);

  // The library comes after the figures: they are not to wait for it.
  const ready = import(new URL('vendor/uplot/uPlot.esm.js', import.meta.url).href).then(
    (/** @type {{ default: typeof import('uplot') }} */ module) => start(module.default),
  );

  return {
    /**
     * @param {readonly CostRow[]} found
     * @param {Range} range
     * @param {string} csv
     */
    show(found, range, csv) {
      bars = barsOf(found, range);
      const title = range.bucket === 'day' ? 'Cost per day' : 'Cost per hour';
      show(head, panelHead(title, csv));
      canvas.setAttribute('aria-label', summary(title, bars));
      note.hidden = bars.every((bar) => bar.unpriced === 0);
      show(figures, barsTable(bars));
      void ready.then((plot) => plot.setData(data()));
    },
  };

  /** @returns {[number[], number[]]} approximate: they become pixels */
  function data() {
    return [bars.map((_, i) => i), bars.map(({ cost }) => Number(cost ?? 0))];
  }

  /** @param {typeof import('uplot')} uPlot */
  function start(uPlot) {
    const ink = (/** @type {string} */ name) => () => getComputedStyle(panel).getPropertyValue(name);
    const mark = h('div', { class: 'mark', hidden: true });
    const bar = uPlot.paths.bars?.({ size: [0.72, 44], radius: 0.12 });
    const plot = new uPlot(
      {
        width: canvas.clientWidth || 600,
        height: HEIGHT,
        padding: [12, 20, 0, 0],
        legend: { show: false },
        cursor: { y: false, x: false, points: { show: false }, drag: { x: false, y: false } },
        scales: {
          x: { time: false, range: () => [-0.5, Math.max(1, bars.length) - 0.5] },
          y: { range: (_, __, max) => [0, max > 0 ? max * 1.06 : 1] },
        },
        axes: [
          {
            stroke: ink('--faint'),
            grid: { show: false },
            ticks: { show: false },
            font: '12px system-ui, sans-serif',
            gap: 6,
            size: 28,
            splits: (self) => labelled(bars.length, self.width),
            values: (_, splits) => splits.map((i) => bars[i]?.label ?? ''),
          },
          {
            stroke: ink('--faint'),
            grid: { stroke: ink('--line'), width: 1 },
            ticks: { show: false },
            font: '12px system-ui, sans-serif',
            gap: 8,
            size: (_, values) => 16 + 7 * Math.max(2, ...(values ?? []).map((value) => value.length)),
            space: 44,
            values: (_, splits, __, ___, step) => splits.map((value) => axisMoney(value, step)),
          },
        ],
        series: [
          {},
          { fill: ink('--bar'), width: 0, points: { show: false }, ...(bar === undefined ? {} : { paths: bar }) },
        ],
        hooks: {
          draw: [
            ({ ctx, valToPos }) => {
              ctx.fillStyle = ink('--warn-bar')();
              const radius = 2.5 * devicePixelRatio;
              for (const [i, bar] of bars.entries()) {
                if (bar.unpriced === 0) continue;
                ctx.beginPath();
                ctx.arc(
                  valToPos(i, 'x', true),
                  valToPos(Number(bar.cost ?? 0), 'y', true) - 2.5 * radius,
                  radius,
                  0,
                  2 * Math.PI,
                );
                ctx.fill();
              }
            },
          ],
          setCursor: [(self) => point(self)],
        },
      },
      data(),
      canvas,
    );
    plot.over.append(mark);
    plot.over.addEventListener('mouseleave', () => {
      tip.hidden = true;
      mark.hidden = true;
    });
    new ResizeObserver(() => {
      if (canvas.clientWidth > 0 && canvas.clientWidth !== plot.width)
        plot.setSize({ width: canvas.clientWidth, height: HEIGHT });
    }).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plot.redraw());
    return plot;

    /** @param {import('uplot')} self */
    function point(self) {
      const i = self.cursor.idx;
      const bar = i == null ? undefined : bars[i];
      tip.hidden = mark.hidden = bar === undefined || (self.cursor.left ?? -1) < 0;
      if (bar === undefined || i == null || tip.hidden) return;
      show(
        tip,
        h('strong', {}, costText(bar)),
        h('span', {}, bar.title),
        h('span', { class: 'faint' }, callsText(bar)),
      );
      const slot = self.over.clientWidth / bars.length;
      mark.style.transform = `translateX(${i * slot}px)`;
      mark.style.width = `${slot}px`;
      const wanted = self.over.offsetLeft + (i + 0.5) * slot - tip.offsetWidth / 2;
      tip.style.transform = `translateX(${Math.max(0, Math.min(wanted, self.width - tip.offsetWidth))}px)`;
      // A click on the bar is a click on its amount: the same listener answers both.
      if (bar.cost === undefined) for (const name of ['derive', 'from', 'to']) delete self.over.dataset[name];
      else Object.assign(self.over.dataset, { derive: '', from: bar.start.toISOString(), to: bar.end.toISOString() });
    }
  }
}

/** @param {Bar} bar */
function costText({ cost }) {
  return cost === undefined ? '$0.00' : cost === null ? '—' : money(cost);
}

/** @param {Bar} bar */
function callsText({ calls, unpriced }) {
  return calls === 0 ? 'no calls' : `${counted(calls, 'call')}${unpriced === 0 ? '' : `, ${unpriced} unpriced`}`;
}

/**
 * @param {string} title
 * @param {readonly Bar[]} bars
 */
function summary(title, bars) {
  const [first] = bars;
  const dearest = bars.reduce((most, bar) => (Number(bar.cost ?? 0) > Number(most?.cost ?? 0) ? bar : most), first);
  if (dearest?.cost == null) return `${title}: nothing yet`;
  return `${title}: bar chart of ${bars.length} bars, the highest is ${money(dearest.cost)} on ${dearest.title}`;
}

/** @param {readonly Bar[]} bars */
function barsTable(bars) {
  return table({
    caption: 'Cost over time, the newest first',
    columns: [{ name: 'When' }, { name: 'Calls', right: true }, { name: 'Cost', right: true }],
    rows: bars
      .filter((bar) => bar.calls > 0)
      .toReversed()
      .map((bar) => ({
        key: bar.start.toISOString(),
        cells: [
          bar.title,
          count(bar.calls),
          [
            unpricedNote(bar.cost === null ? 0 : bar.unpriced),
            ' ',
            amount(bar.cost ?? null, { from: bar.start, to: bar.end }, bar.title),
          ],
        ],
      })),
  });
}

/**
 * Every bar that has room for its label, counted back from the last one.
 * @param {number} bars
 * @param {number} width
 */
function labelled(bars, width) {
  const step = Math.max(1, Math.ceil((bars * 62) / Math.max(120, width - 60)));
  return Array.from({ length: bars }, (_, i) => i).filter((i) => (bars - 1 - i) % step === 0);
}

/**
 * The label of a line across the chart: as many decimals as the step has, lest two lines seem to be one.
 * @param {number} value
 * @param {number} step between the lines
 */
export function axisMoney(value, step) {
  let decimals = Number.isInteger(step) ? 0 : 2;
  const isWhole = () => Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) < 1e-6;
  while (decimals < 12 && !isWhole()) decimals++;
  if (value === 0) return '$0';
  return `$${value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })}`;
}
