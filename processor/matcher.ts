import { dimensionNames, type DimensionName, type Dimensions, type Matcher } from './ledger.ts';
import { nearest } from './nearest.ts';

const SHAPE = /^\s*([^\s=!~"{},]+)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^"{},]*?))\s*$/s;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', '"': '"', '\\': '\\' };

/**
 * Reads one matcher as Alertmanager writes it. Throws a RangeError that says what is wrong with it: an unknown dimension,
 * an operator that is missing, a regular expression that does not compile.
 *
 * @example parseMatcher('plan=~"pro|enterprise"') // { name: 'plan', op: '=~', value: 'pro|enterprise' }
 */
export function parseMatcher(text: string): Matcher {
  const { name, op, value } = shapeOf(text);
  if (!isDimension(name)) {
    const hint = nearest(name, dimensionNames);
    throw new RangeError(
      `"${name}" is not a dimension${hint === undefined ? `; there are ${dimensionNames.join(', ')}` : `; did you mean "${hint}"?`}`,
    );
  }
  const matcher: Matcher = { name, op, value };
  valueTest(matcher);
  return matcher;
}

/** As `Matcher`, of the labels of an alert: of any name. */
export interface LabelMatcher extends Pick<Matcher, 'op' | 'value'> {
  readonly name: string;
}

/**
 * Reads one matcher of labels. Throws a RangeError as `parseMatcher` does; any name will do.
 *
 * @example readLabelMatcher('severity="critical"')
 */
export function readLabelMatcher(text: string): LabelMatcher {
  const matcher = shapeOf(text);
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(matcher.name)) throw new RangeError(`"${matcher.name}" is not a label`);
  valueTest(matcher);
  return matcher;
}

/** True where every matcher holds; a label that is not there is ''. */
export function matchLabels(
  matchers: readonly LabelMatcher[],
): (labels: Readonly<Record<string, string | undefined>>) => boolean {
  const tests = matchers.map((matcher) => ({ name: matcher.name, test: valueTest(matcher) }));
  return (labels) => tests.every(({ name, test }) => test(labels[name] ?? ''));
}

function shapeOf(text: string): LabelMatcher {
  const match = SHAPE.exec(text);
  if (match === null) throw new RangeError(`${JSON.stringify(text)} is not a matcher such as plan="pro"`);
  const [, name = '', op = '', quoted, bare = ''] = match;
  const value = quoted === undefined ? bare : quoted.replace(/\\(.)/gs, (both, char: string) => ESCAPES[char] ?? both);
  return { name, op: op as Matcher['op'], value };
}

/**
 * Reads a list of matchers, separated by commas. Throws a RangeError as `parseMatcher` does.
 *
 * @example parseMatchers('plan="pro",feature!="search"')
 */
export function parseMatchers(text: string): readonly Matcher[] {
  if (text.trim() === '') return [];
  // A comma within a quoted value separates nothing.
  return (text.match(/(?:"(?:[^"\\]|\\.)*"|[^,"]|")+/gs) ?? []).map(parseMatcher);
}

/** @example matchersText([{ name: 'plan', op: '=', value: 'pro' }]) // 'plan="pro"' */
export function matchersText(matchers: readonly Matcher[]): string {
  const escaped = (value: string): string => value.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
  return matchers.map(({ name, op, value }) => `${name}${op}"${escaped(value)}"`).join(',');
}

/**
 * A test of whole dimensions: true where every matcher holds. Values of `=~` and `!~` are anchored at both ends, as in
 * Prometheus; a tag that a call does not carry is ''.
 *
 * @example matchAll([parseMatcher('plan!=internal')])(entry.dimensions)
 */
export function matchAll(matchers: readonly Matcher[]): (dimensions: Dimensions) => boolean {
  const tests = matchers.map((matcher) => ({ name: matcher.name, test: valueTest(matcher) }));
  return (dimensions) => tests.every(({ name, test }) => test(dimensions[name]));
}

/** @example isDimension('customer_id') // true */
export function isDimension(name: string): name is DimensionName {
  return (dimensionNames as readonly string[]).includes(name);
}

function valueTest({ op, value }: Pick<Matcher, 'op' | 'value'>): (actual: string) => boolean {
  if (op === '=') return (actual) => actual === value;
  if (op === '!=') return (actual) => actual !== value;
  const pattern = anchored(value);
  return op === '=~' ? (actual) => pattern.test(actual) : (actual) => !pattern.test(actual);
}

function anchored(value: string): RegExp {
  try {
    return new RegExp(`^(?:${value})$`, 'su');
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*: /s, '') : 'unknown reason';
    throw new RangeError(`"${value}" is not a regular expression: ${reason}`, { cause: error });
  }
}
