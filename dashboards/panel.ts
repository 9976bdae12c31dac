/** What a panel shows, as data. board.ts makes Grafana's JSON of it. */
export interface Query {
  /** PromQL, or SQL on a board of the ledger's database. */
  readonly expr: string;
  /** Grafana's legend: `{{feature}}`; in tables the heading of the column. */
  readonly legend: string;
  /** Of this column, where it differs from the panel's. */
  readonly unit?: Unit;
}

/** Names of Grafana's units that we use. */
export const units = {
  usd: 'currencyUSD',
  share: 'percentunit',
  count: 'short',
  /** Of one call: averages, which do not add up. */
  tokens: 'locale',
  each: 'currencyUSD',
  seconds: 's',
  bytes: 'bytes',
  perSecond: 'cps',
} as const;
export type Unit = keyof typeof units;

export interface PanelSpec {
  readonly title: string;
  /** What the figure means and what it leaves out. */
  readonly help: string;
  /** A figure, bars by label, a table, or a graph over time. */
  readonly kind: 'stat' | 'bars' | 'table' | 'graph';
  readonly unit: Unit;
  /** Of 24 columns. */
  readonly width: number;
  readonly queries: readonly Query[];
  /** Dimensions whose value leads to the derivation of the amount on the processor's page. */
  readonly derive?: readonly string[];
  /** Columns of an SQL table whose unit differs from the panel's. */
  readonly columns?: Readonly<Record<string, Unit>>;
  /** The column whose value is the id of a trace, for a link to Jaeger or Tempo. */
  readonly trace?: string;
  /** From where on the colour says: look. Yellow, then red. */
  readonly warn?: readonly [yellow: number, red: number];
}

export interface BoardSpec {
  /** Stable, as links and provisioning go by it. */
  readonly uid: string;
  readonly title: string;
  readonly help: string;
  /** Where its figures come from: Prometheus unless it says otherwise. */
  readonly source?: 'postgres';
  /** Whether team, plan and environment can be chosen. */
  readonly filters: boolean;
  /** Whether a window of comparison can be chosen. */
  readonly window?: boolean;
  /** Whether a budget can be chosen. */
  readonly budget?: boolean;
  readonly panels: readonly PanelSpec[];
}
