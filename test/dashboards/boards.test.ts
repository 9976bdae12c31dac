import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { boardJson } from '../../dashboards/board.ts';
import { boards } from '../../dashboards/boards.ts';
import { drifted, generated } from '../../dashboards/generate.ts';
import { units } from '../../dashboards/panel.ts';
import { alertRules } from '../../dashboards/rules.ts';
import { metricTable } from '../../processor/metrics.ts';
import { prometheusName } from '../../processor/metrics/exposition.ts';
import { readWhere } from '../../processor/web/filters.js';

const names = new Map(Object.values(metricTable).map((row) => [prometheusName(row), row.labels as readonly string[]]));
const metricsIn = (expr: string): string[] => expr.match(/\bspanledger_[a-z_]+/g) ?? [];
/** Grafana's own, besides a board's variables. */
const builtIn = new Set(
  '__range __interval __rate_interval __data __field __value __unixEpochFrom __unixEpochTo'.split(' '),
);

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource: { readonly uid: string };
  readonly fieldConfig: {
    readonly defaults: { readonly unit: string; readonly links?: readonly { readonly url: string }[] };
  };
  readonly targets: readonly {
    readonly expr?: string;
    readonly rawSql?: string;
    readonly refId: string;
    readonly datasource: { readonly uid: string };
  }[];
}

test('what is generated is what its source says: node dashboards/generate.ts', () => {
  expect(drifted()).toEqual([]);
  expect(generated().size).toBe(boards.length + 2);
});

test('boards have ids and titles of their own', () => {
  expect(new Set(boards.map(({ uid }) => uid)).size).toBe(boards.length);
  expect(new Set(boards.map(({ title }) => title)).size).toBe(boards.length);
});

describe.each(boards)('$title', (spec) => {
  const board = boardJson(spec);
  const panels = (board.panels ?? []) as unknown as readonly Panel[];
  const variables = (board.templating?.list ?? []).map(({ name }) => name);

  test('panels: ids of their own, a title, a help, a unit that is known', () => {
    expect(panels).toHaveLength(spec.panels.length);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    for (const { description, fieldConfig } of panels) {
      expect(description).toMatch(/^[A-Z“].{10,}\.$/s);
      expect(Object.values<string>(units)).toContain(fieldConfig.defaults.unit);
    }
  });

  test('the grid: 24 columns, nothing over another', () => {
    const cells = new Set<string>();
    for (const { title, gridPos } of panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(cells.has(`${x},${y}`), `${title} lies on another panel`).toBe(false);
          cells.add(`${x},${y}`);
        }
    }
  });

  test('no data source but the one that is chosen, no variable that is not there', () => {
    expect(variables).toContain('datasource');
    for (const { datasource, targets } of panels)
      for (const { uid } of [datasource, ...targets.map((target) => target.datasource)])
        expect(uid).toBe('${datasource}');
    for (const [, name = ''] of JSON.stringify(board).matchAll(/\$\{?(\w+)/g))
      expect(variables.includes(name) || builtIn.has(name) || name === '__all', `$${name}`).toBe(true);
  });

  test('every metric and every label by which it is summed is in the table', () => {
    for (const { targets } of panels)
      for (const { expr = '' } of targets) {
        const metrics = metricsIn(expr.replaceAll('spanledger_.+', ''));
        for (const metric of metrics) expect([...names.keys()], expr).toContain(metric);
        for (const [, by = ''] of expr.matchAll(/ by \(([^)]*)\)/g))
          for (const label of by.split(', '))
            expect(
              metrics.some((metric) => names.get(metric)?.includes(label)),
              `${label} in ${expr}`,
            ).toBe(true);
      }
  });

  test('links to derivations are such as the page reads', () => {
    for (const { title, fieldConfig, targets } of panels)
      for (const { url } of fieldConfig.defaults.links ?? []) {
        const dimensions = [...url.matchAll(/\$\{__\w+\.\w+\.(\w+):percentencode\}/g)].map(([, name]) => name);
        const filled = url
          .replaceAll(/\$\{__\w+\.\w+\.\w+:percentencode\}/g, 'x')
          .replace('${page}', 'http://localhost:9464');
        const where = readWhere(new URL(filled).searchParams.get('derive') ?? '');
        expect(
          where?.map(({ name }) => name),
          title,
        ).toEqual(dimensions);
        for (const { expr, rawSql } of targets)
          for (const name of dimensions) expect(expr ?? rawSql, title).toContain(name);
      }
  });
});

test('rules name metrics of the table only, and say what to do', () => {
  for (const { value, summary, description } of alertRules) {
    for (const metric of metricsIn(value)) expect([...names.keys()]).toContain(metric);
    expect(summary).not.toBe('');
    expect(description).toMatch(/\.$/);
  }
  expect(new Set(alertRules.map(({ alert }) => alert)).size).toBe(alertRules.length);
});

test('provisioning and compose file name what is there', () => {
  const read = (path: string): unknown =>
    parse(readFileSync(join(import.meta.dirname, '../../dashboards', path), 'utf8'));
  const compose = read('compose.yaml') as {
    services: Record<string, { image: string; volumes?: string[]; command?: string[] }>;
    volumes: Record<string, unknown>;
  };
  for (const { image, volumes = [] } of Object.values(compose.services)) {
    expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
    for (const volume of volumes) {
      const [from = ''] = volume.split(':');
      const isThere = from in compose.volumes || existsSync(join(import.meta.dirname, '../../dashboards', from));
      expect(isThere, volume).toBe(true);
    }
  }
  // Who sends to whom.
  const collector = read('../otel-collector.yaml') as {
    receivers: Record<string, { protocols: { http: { endpoint: string } } }>;
    exporters: Record<string, { endpoint: string }>;
  };
  const demo = compose.services['demo']?.command ?? [];
  const after = (option: string): string | undefined => demo[demo.indexOf(option) + 1];
  expect(collector.exporters['otlphttp/spanledger']?.endpoint).toBe(`http://127.0.0.1:${after('--otlp')}`);
  expect(after('--forward')).toBe(`http://${collector.receivers['otlp/enriched']?.protocols.http.endpoint}`);
  const backend = /:(\d+)\}/.exec(collector.exporters['otlphttp/backend']?.endpoint ?? '')?.[1];
  expect(compose.services['jaeger']?.command?.[0]).toMatch(new RegExp(`http\\.endpoint=127\\.0\\.0\\.1:${backend}$`));
  const path = 'grafana/provisioning/dashboards/spanledger.yaml';
  const { providers } = read(path) as { providers: { options: { path: string } }[] };
  expect(compose.services['grafana']?.volumes).toContain(`./grafana:${providers[0]?.options.path}:ro`);
  expect(read('prometheus/prometheus.yml')).toMatchObject({ scrape_configs: [{ job_name: 'spanledger' }] });
});
