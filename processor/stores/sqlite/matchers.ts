import type { DatabaseSync } from 'node:sqlite';
import { SpanledgerError } from '../../errors.ts';
import { dimensionNames, type Matcher } from '../../ledger.ts';

const names: ReadonlySet<string> = new Set(dimensionNames);

/** A condition and its values: `dimension IN (…)` is decided once for each set of dimensions, not for each row. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly string[];
}

/** The SQL function behind `=~`: the pattern against all of the value, as Prometheus does. */
export function defineMatch(db: DatabaseSync): void {
  let last = { pattern: '', compiled: /^(?:)$/ };
  db.function('matches_all', { deterministic: true, directOnly: true }, (value, pattern) => {
    if (pattern !== last.pattern) last = { pattern: String(pattern), compiled: compile(String(pattern)) };
    return last.compiled.test(String(value)) ? 1 : 0;
  });
}

/**
 * @param column the number of the dimensions, as `e.dimension`
 * @throws SpanledgerError `invalid_query` for an unknown name or a pattern that does not compile
 */
export function condition(
  column: string,
  where: readonly Matcher[],
  table: 'dimension' | 'facet' = 'dimension',
): Condition {
  const { sql, values } = conditionOf(table, where);
  return sql === '' ? { sql, values } : { sql: ` AND ${column} IN (SELECT id FROM ${table} WHERE true${sql})`, values };
}

/**
 * The same of the dimensions themselves.
 *
 * @param table its name in the query
 */
export function conditionOf(table: string, where: readonly Matcher[]): Condition {
  const parts = where.map(({ name, op, value }) => {
    if (!names.has(name))
      throw new SpanledgerError('invalid_query', `"${name}" is no dimension; known are ${dimensionNames.join(', ')}`);
    switch (op) {
      case '=':
        return ` AND ${table}.${name} = ?`;
      case '!=':
        return ` AND ${table}.${name} <> ?`;
      case '=~':
      case '!~':
      default:
        compile(value);
        return ` AND matches_all(${table}.${name}, ?) = ${op === '=~' ? 1 : 0}`;
    }
  });
  return { sql: parts.join(''), values: where.map(({ value }) => value) };
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`, 'su');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SpanledgerError('invalid_query', `"${pattern}" is no regular expression: ${reason}`, { cause: error });
  }
}
