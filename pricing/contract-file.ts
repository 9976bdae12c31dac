/** Reads contract.yaml, strictly: every mistake at once, with line and column. Numbers are read as they are written. */
import { createHash } from 'node:crypto';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { readRate } from './catalog-file.ts';
import { readCommitment, readVolume } from './contract-period-file.ts';
import { amount, attempt, off, optional, whole } from './contract-values.ts';
import { scale, type Alias, type Contract, type Term, type TermPrice } from './contract.ts';
import { providerName } from './model-id.ts';
import { USD, type FemtoUsd } from './money.ts';
import { instant, items, members, open, pathOf, pattern, text, type Node } from './strict-reader.ts';
import { serviceTiers, type ServiceTier } from './usage/tier.ts';
import { isUnit, type Unit } from './usage/units.ts';

/** What is wrong with a contract; one line a mistake, each `file:line:column: what`. */
export class ContractError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ContractError';
    this.problems = problems;
  }
}

/** Throws a ContractError that lists every mistake. @example readContract('contract.yaml', 'self_hosted: […]').terms.length // 1 */
export function readContract(file: string, source: string): Contract {
  const lines = new LineCounter();
  // The failsafe schema leaves every scalar a text: a rate of 0.30 must not become a float.
  const document = parseDocument(source, { lineCounter: lines, schema: 'failsafe', prettyErrors: false });
  const problems: string[] = [];
  const at = (offset: number, what: string): void => {
    const { line, col } = lines.linePos(offset);
    problems.push(`${file}:${line}:${col}: ${what}`);
  };
  for (const error of document.errors) at(error.pos[0], error.message);
  const contract = readTop(
    {
      value: document.toJS() ?? {},
      above: undefined,
      key: '',
      report: (node, what) => {
        const path = pathOf(node);
        at(offsetOf(document, path), path.length === 0 ? what : `${path.join('.')}: ${what}`);
      },
    },
    createHash('sha256').update(source).digest('hex').slice(0, 8),
  );
  if (problems.length > 0) throw new ContractError(problems);
  return contract;
}

function offsetOf(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length--) {
    const found = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined;
    if (found?.range !== undefined && found.range !== null) return found.range[0];
  }
  return 0;
}

function readTop(node: Node, version: string): Contract {
  const fields = open(node, [
    'aliases',
    'rates',
    'self_hosted',
    'data_apis',
    'exchange',
    'commitments',
    'volume_discounts',
  ]);
  const exchange = readExchange(fields('exchange'));
  const terms = [
    ...items(fields('rates')).map((item) => readAgreed(item, exchange)),
    ...items(fields('self_hosted')).map(readSelfHosted),
    ...items(fields('data_apis')).map(readDataApi),
  ];
  reportOverlaps(node, terms);
  return {
    version: `contract.${version}`,
    aliases: items(fields('aliases')).map(readAlias),
    terms,
    commitments: items(fields('commitments')).map(readCommitment),
    volumes: items(fields('volume_discounts')).map(readVolume),
  };
}

function readAlias(node: Node): Alias {
  const fields = open(node, ['provider', 'name', 'is', 'region']);
  const provider = optional(fields('provider'), text);
  const region = optional(fields('region'), text);
  const target = text(fields('is'));
  const slash = target.indexOf('/');
  if (slash < 1) fields('is').report(fields('is'), `"${target}" is not provider/model such as openai/gpt-4o`);
  return {
    ...(provider === undefined ? {} : { provider: providerName(provider) }),
    name: pattern(fields('name')),
    is: {
      provider: providerName(target.slice(0, slash)),
      model: target.slice(slash + 1),
      ...(region === undefined ? {} : { region }),
    },
  };
}

type Exchange = ReadonlyMap<string, ReadonlyMap<string, bigint>>;

/** `EUR: { 2026-11: 1.0842 }`: USD for one of the currency, in millionths. */
function readExchange(node: Node): Exchange {
  return new Map(
    members(node).map(([currency, months]) => [
      currency,
      new Map(
        members(months).map(([month, rate]) => {
          if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) rate.report(rate, `"${month}" is not a month such as 2026-11`);
          const micro = amount(rate) / (USD / 1_000_000n);
          if (micro === 0n) rate.report(rate, 'an exchange rate has at most six decimals and is not 0');
          return [month, micro];
        }),
      ),
    ]),
  );
}

function readAgreed(node: Node, exchange: Exchange): Term {
  const fields = open(node, [
    'provider',
    'model',
    'tier',
    'region',
    'from',
    'until',
    'percent_off',
    'rates',
    'currency',
  ]);
  const percent = fields('percent_off');
  const rates = fields('rates');
  const currency = optional(fields('currency'), text) ?? 'USD';
  if ((percent.value === undefined) === (rates.value === undefined))
    node.report(node, 'needs either "percent_off" or "rates"');
  const price =
    percent.value === undefined ? readPrice(rates, currency, exchange) : { kind: 'off' as const, off: off(percent) };
  return { ...readScope(node, fields), price };
}

function readPrice(node: Node, currency: string, exchange: Exchange): TermPrice {
  const rates = readRates(node);
  if (currency === 'USD') return { kind: 'rates', rates };
  const months = exchange.get(currency);
  if (months === undefined) node.report(node, `"exchange" has no rates of ${currency}`);
  const converted = [...(months ?? [])].map(([month, micro]) => {
    const inUsd = Object.entries(rates).map(([unit, rate]) => [unit, scale(rate, micro, 1_000_000n)]);
    return [month, Object.fromEntries(inUsd) as Partial<Record<Unit, FemtoUsd>>] as const;
  });
  return { kind: 'foreign', currency, months: new Map(converted) };
}

/** Dollars per million tokens, or per hour of GPUs and the throughput that they are declared to have. */
function readSelfHosted(node: Node): Term {
  const fields = open(node, [
    'provider',
    'model',
    'from',
    'until',
    'rates',
    'gpu_hour',
    'gpus',
    'tokens_per_second',
    'region',
    'tier',
  ]);
  const hourly = fields('gpu_hour');
  const rates = fields('rates');
  if ((hourly.value === undefined) === (rates.value === undefined))
    node.report(node, 'needs either "rates" or "gpu_hour"');
  const scope = readScope(node, fields);
  if (hourly.value === undefined) return { ...scope, price: { kind: 'rates', rates: readRates(rates) } };
  const gpus = optional(fields('gpus'), whole) ?? 1;
  const speeds = fields('tokens_per_second');
  if (speeds.value === undefined)
    node.report(node, '"gpu_hour" needs "tokens_per_second", e.g. { input: 20000, output: 2500 }');
  const perHour = amount(hourly) * BigInt(gpus);
  const perToken = members(speeds).map(([unit, field]) => {
    if (!isUnit(unit)) field.report(field, `"${unit}" is not a unit`);
    const speed = whole(field);
    return [unit, scale(perHour, 1n, BigInt(Math.max(speed, 1)) * 3600n)];
  });
  return { ...scope, price: { kind: 'rates', rates: Object.fromEntries(perToken) as Partial<Record<Unit, FemtoUsd>> } };
}

/** A call to a data API has the host as its provider and the path as its model. */
function readDataApi(node: Node): Term {
  const fields = open(node, ['host', 'path', 'unit', 'rate', 'from', 'until']);
  const unit = text(fields('unit'));
  if (!isUnit(unit)) fields('unit').report(fields('unit'), `"${unit}" is not a unit`);
  const host = text(fields('host'));
  const path = optional(fields('path'), pattern) ?? '*';
  const rate = amount(fields('rate'));
  return {
    id: `contract/${host}${path}`,
    provider: host.toLowerCase(),
    model: path,
    ...period(fields),
    price: { kind: 'rates', rates: isUnit(unit) ? { [unit]: rate } : {} },
  };
}

function readScope(node: Node, fields: (key: string) => Node): Omit<Term, 'price'> {
  const provider = optional(fields('provider'), text);
  const region = optional(fields('region'), text)?.toLowerCase();
  const tierField = fields('tier');
  const tier = optional(tierField, text);
  const known = serviceTiers.find((name) => name === tier);
  if (tier !== undefined && known === undefined)
    tierField.report(tierField, `"${tier}" is not one of ${serviceTiers.join(', ')}`);
  const model = pattern(fields('model'));
  const named = provider === undefined ? undefined : providerName(provider);
  const dates = period(fields);
  if (dates.from !== undefined && dates.until !== undefined && dates.from >= dates.until)
    node.report(node, 'ends before it begins');
  return {
    id: idOf(named, model, known, region, optional(fields('from'), text)),
    ...(named === undefined ? {} : { provider: named }),
    model,
    ...(known === undefined ? {} : { tier: known }),
    ...(region === undefined ? {} : { region }),
    ...dates,
  };
}

function idOf(
  provider: string | undefined,
  model: string,
  tier: ServiceTier | undefined,
  region: string | undefined,
  from: string | undefined,
): string {
  const name = `contract/${provider === undefined ? '' : `${provider}/`}${model}${from === undefined ? '' : `@${from}`}`;
  return [name, tier, region].filter((part) => part !== undefined).join('+');
}

function period(fields: (key: string) => Node): Pick<Term, 'from' | 'until'> {
  const from = optional(fields('from'), instant);
  const until = optional(fields('until'), instant);
  return { ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) };
}

/** Two terms that fit the same calls at once, equally narrow, would be a coin toss between two prices. */
function reportOverlaps(node: Node, terms: readonly Term[]): void {
  for (const [index, term] of terms.entries())
    for (const other of terms.slice(0, index))
      if (
        term.model.toLowerCase() === other.model.toLowerCase() &&
        term.provider === other.provider &&
        term.tier === other.tier &&
        term.region === other.region &&
        (term.from ?? -Infinity) < (other.until ?? Infinity) &&
        (other.from ?? -Infinity) < (term.until ?? Infinity)
      )
        node.report(node, `two prices for ${term.id} at the same time`);
}

function readRates(node: Node): Partial<Record<Unit, FemtoUsd>> {
  const rates: Partial<Record<Unit, FemtoUsd>> = {};
  for (const [unit, field] of members(node))
    if (isUnit(unit)) rates[unit] = attempt(field, 0n, (quoted) => readRate(unit, quoted));
    else field.report(field, `"${unit}" is not a unit`);
  return rates;
}
