import {
  BarGaugeDisplayMode,
  StackingMode,
  TableCellDisplayMode,
  VizOrientation,
} from '@grafana/grafana-foundation-sdk/common';
import {
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as table from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import { prometheusName } from '../processor/metrics/exposition.ts';
import { metricTable, type MetricName } from '../processor/metrics.ts';
import { units, type BoardSpec, type PanelSpec, type Query } from './panel.ts';

const COLUMNS = 24;
const HEIGHTS = { stat: 4, bars: 9, table: 9, graph: 8 } as const;
const TAG = 'spanledger';
const types = { prometheus: 'prometheus', postgres: 'grafana-postgresql-datasource' } as const;
const sourceOf = ({ source }: Pick<BoardSpec, 'source'>): { type: string; uid: string } => ({
  type: types[source ?? 'prometheus'],
  uid: '${datasource}',
});
const source = sourceOf({});

/**
 * Grafana's JSON of a board: panels from left to right in rows, ids in their order.
 *
 * @example boardJson(overview).uid // 'spanledger-overview'
 */
export function boardJson(spec: BoardSpec): dashboard.Dashboard {
  const builder = new dashboard.DashboardBuilder(spec.title)
    .uid(spec.uid)
    .description(spec.help)
    .tags([TAG])
    .time({ from: 'now-24h', to: 'now' })
    .refresh('1m')
    .timezone('browser')
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .variables(variables(spec))
    .link(boardsLink())
    .link(pageLink());
  if (spec.source === undefined) builder.annotation(priceChanges());
  builder.annotation(deploys());
  let [x, y, rowHeight] = [0, 0, 0];
  for (const [index, panel] of spec.panels.entries()) {
    const height = HEIGHTS[panel.kind];
    if (x + panel.width > COLUMNS) [x, y, rowHeight] = [0, y + rowHeight, 0];
    builder.withPanel(
      panelOf(panel, spec)
        .id(index + 1)
        .gridPos({ x, y, w: panel.width, h: height }),
    );
    [x, rowHeight] = [x + panel.width, Math.max(rowHeight, height)];
  }
  return builder.build();
}

type AnyPanel = bargauge.PanelBuilder | stat.PanelBuilder | table.PanelBuilder | timeseries.PanelBuilder;

function panelOf(spec: PanelSpec, board: BoardSpec): AnyPanel {
  const panel = (board.source === 'postgres' && spec.kind === 'table' ? sqlTableOf(spec) : bare[spec.kind](spec))
    .title(spec.title)
    .description(spec.help)
    .datasource(sourceOf(board))
    .unit(units[spec.unit])
    .targets(
      spec.queries.map((query, index) =>
        board.source === 'postgres' ? sqlTarget(query, index, spec.kind) : target(query, index, spec.kind),
      ),
    );
  // A step has to hold two scrapes, or nothing can have risen in it.
  if (spec.kind === 'graph') panel.interval('2m');
  if (spec.derive !== undefined) panel.dataLinks([deriveLink(spec.derive, spec.kind)]);
  const [yellow, red] = spec.warn ?? [];
  if (yellow !== undefined && red !== undefined)
    panel.thresholds(
      new dashboard.ThresholdsConfigBuilder().mode(dashboard.ThresholdsMode.Absolute).steps([
        { value: null, color: 'green' },
        { value: yellow, color: 'yellow' },
        { value: red, color: 'red' },
      ]),
    );
  return panel;
}

const bare: Readonly<Record<PanelSpec['kind'], (spec: PanelSpec) => AnyPanel>> = {
  stat: () => new stat.PanelBuilder().reduceOptions(last()),
  bars: () =>
    new bargauge.PanelBuilder()
      .reduceOptions(last())
      .orientation(VizOrientation.Horizontal)
      .displayMode(BarGaugeDisplayMode.Basic),
  table: tableOf,
  graph({ unit }) {
    // What adds up is stacked and summed; shares and levels are neither.
    const adds = unit === 'usd' || unit === 'count';
    return new timeseries.PanelBuilder()
      .fillOpacity(20)
      .stacking(new StackingConfigBuilder().mode(adds ? StackingMode.Normal : StackingMode.None))
      .legend(new VizLegendOptionsBuilder().showLegend(true).calcs([adds ? 'sum' : 'lastNotNull']));
  },
};

const last = (): ReduceDataOptionsBuilder => new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false);

/** One row for each set of labels, one column for each query. */
function tableOf({ queries }: PanelSpec): table.PanelBuilder {
  const columns = queries.map(({ legend }, index) => [`Value #${letter(index)}`, legend] as const);
  const one = columns.length === 1 ? { Value: columns[0]?.[1] ?? '' } : {};
  const panel = new table.PanelBuilder().withTransformation({ id: 'merge', options: {} }).withTransformation({
    id: 'organize',
    options: { excludeByName: { Time: true }, renameByName: { ...Object.fromEntries(columns), ...one } },
  });
  for (const { legend, unit } of queries)
    if (unit !== undefined) panel.overrideByName(legend, [{ id: 'unit', value: units[unit] }]);
  const first = queries[0]?.legend ?? '';
  return panel.overrideByName(first, [
    { id: 'custom.cellOptions', value: { type: TableCellDisplayMode.Gauge, mode: 'basic' } },
  ]);
}

/** The columns are the query's own. */
function sqlTableOf({ columns = {}, trace }: PanelSpec): table.PanelBuilder {
  const panel = new table.PanelBuilder();
  for (const [name, unit] of Object.entries(columns)) panel.overrideByName(name, [{ id: 'unit', value: units[unit] }]);
  if (trace === undefined) return panel;
  const link = { title: 'The trace', url: '${traces}${__value.raw}', targetBlank: true };
  return panel.overrideByName(trace, [{ id: 'links', value: [link] }]);
}

/** A query of a data source that Grafana's builders have none for: the mark is a function, which JSON leaves out. */
function written(query: object): Builder<Dataquery> {
  return { build: () => ({ ...query, _implementsDataqueryVariant: () => undefined }) };
}

function sqlTarget({ expr }: Query, index: number, kind: PanelSpec['kind']): Builder<Dataquery> {
  return written({
    refId: letter(index),
    datasource: sourceOf({ source: 'postgres' }),
    editorMode: 'code',
    format: kind === 'graph' ? 'time_series' : 'table',
    rawQuery: true,
    rawSql: expr,
  });
}

function target({ expr, legend }: Query, index: number, kind: PanelSpec['kind']): prometheus.DataqueryBuilder {
  const query = new prometheus.DataqueryBuilder().refId(letter(index)).datasource(source).expr(expr);
  query.legendFormat(legend).editorMode(prometheus.QueryEditorMode.Code);
  if (kind === 'graph') return query.range();
  query.instant();
  return kind === 'table' ? query.format(prometheus.PromQueryFormat.Table) : query;
}

const letter = (index: number): string => String.fromCodePoint(65 + index);

/** In tables a label is a field of the row, elsewhere a label of the series. */
function deriveLink(dimensions: readonly string[], kind: PanelSpec['kind']): dashboard.DashboardLinkBuilder {
  const value = (name: string): string =>
    `\${__${kind === 'table' ? 'data.fields' : 'field.labels'}.${name}:percentencode}`;
  const where = dimensions.map((name) => `${name}%3D%22${value(name)}%22`).join('%2C');
  return new dashboard.DashboardLinkBuilder('How the amount came about (last 30 days)')
    .url(`\${page}/?derive=${where}`)
    .targetBlank(true);
}

function boardsLink(): dashboard.DashboardLinkBuilder {
  return new dashboard.DashboardLinkBuilder('Spanledger')
    .type(dashboard.DashboardLinkType.Dashboards)
    .tags([TAG])
    .asDropdown(true)
    .includeVars(true)
    .keepTime(true);
}

function pageLink(): dashboard.DashboardLinkBuilder {
  return new dashboard.DashboardLinkBuilder('Ledger')
    .type(dashboard.DashboardLinkType.Link)
    .url('${page}/')
    .targetBlank(true);
}

/** A book that was checked anew is younger than it was: what costs something else from then on may be its doing. */
function priceChanges(): dashboard.AnnotationQueryBuilder {
  const age = prometheusName(metricTable.price_age);
  return new dashboard.AnnotationQueryBuilder()
    .name('New prices')
    .datasource(source)
    .enable(true)
    .hide(false)
    .iconColor('purple')
    .expr(`changes(${prometheusName(metricTable.price_models)}[2m]) > 0 or resets(${age}[2m]) > 0`);
}

/**
 * What your pipeline tells Grafana when it deploys, under the tag "deploy".
 * https://grafana.com/docs/grafana/latest/developers/http_api/annotations/
 */
function deploys(): dashboard.AnnotationQueryBuilder {
  return new dashboard.AnnotationQueryBuilder()
    .name('Deploys')
    .datasource({ type: 'grafana', uid: '-- Grafana --' })
    .enable(true)
    .hide(false)
    .iconColor('blue')
    .target(written({ type: 'tags', tags: ['deploy'], matchAny: false, limit: 100 }));
}

type Variable = Parameters<dashboard.DashboardBuilder['withVariable']>[0];

/** Of boards that ask the ledger's database. */
function sqlVariables(): Variable[] {
  const postgres = sourceOf({ source: 'postgres' });
  return [
    new dashboard.DatasourceVariableBuilder('datasource').label('PostgreSQL').type(postgres.type),
    new dashboard.TextBoxVariableBuilder('schema').label('Schema').defaultValue('spanledger'),
    new dashboard.TextBoxVariableBuilder('page').label('Page').defaultValue('http://localhost:9464'),
    new dashboard.TextBoxVariableBuilder('traces').label('Traces').defaultValue('http://localhost:16686/trace/'),
    new dashboard.QueryVariableBuilder('customer')
      .label('Customer')
      .datasource(postgres)
      .query('SELECT DISTINCT customer_id FROM ${schema}.dimension ORDER BY 1')
      .refresh(dashboard.VariableRefresh.OnDashboardLoad)
      .multi(true)
      .includeAll(true)
      .current({ text: 'All', value: '$__all' }),
  ];
}

function variables({ source: from, filters, window, budget }: BoardSpec): Variable[] {
  if (from === 'postgres') return sqlVariables();
  const all: Variable[] = [
    new dashboard.DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'),
    new dashboard.TextBoxVariableBuilder('page').label('Page').defaultValue('http://localhost:9464'),
  ];
  if (filters) for (const name of ['team', 'plan', 'environment'] as const) all.push(choice('cost', name));
  if (budget === true) all.push(choice('budget_ratio', 'budget'));
  if (window === true)
    all.push(
      new dashboard.IntervalVariableBuilder('window')
        .label('Compare')
        .values('1h,6h,1d,7d,30d')
        .current({ text: '1d', value: '1d' }),
    );
  return all;
}

function choice<Name extends MetricName>(metric: Name, name: (typeof metricTable)[Name]['labels'][number]): Variable {
  return (
    new dashboard.QueryVariableBuilder(name)
      .label(`${name.slice(0, 1).toUpperCase()}${name.slice(1)}`)
      .datasource(source)
      .query({ query: `label_values(${prometheusName(metricTable[metric])}, ${name})`, refId: name })
      .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
      // oxlint-disable-next-line unicorn/no-array-sort -- a setting of the builder
      .sort(dashboard.VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      .allValue('.*')
      .current({ text: 'All', value: '$__all' })
  );
}
