import type { ClientBase } from 'pg';
import { SpanledgerError } from '../../errors.ts';
import { dimensionNames, type Dimensions, type Matcher } from '../../ledger.ts';
import { isDimension, matchAll } from '../../matcher.ts';
import { decodeText, encodeText } from './texts.ts';

const none = Object.fromEntries(dimensionNames.map((name) => [name, ''])) as Dimensions;

/** A condition and its values, whose numbers begin at `first`. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly (string | readonly string[])[];
}

/**
 * Patterns are JavaScript's, in every store: the values of the dimension are read and matched here.
 *
 * @param column the number of the dimensions, as `e.dimension`
 * @throws SpanledgerError `invalid_query` for an unknown name or a pattern that does not compile
 */
export async function condition(
  client: ClientBase,
  schema: string,
  column: string,
  where: readonly Matcher[],
  first: number,
): Promise<Condition> {
  const parts: string[] = [];
  const values: (string | readonly string[])[] = [];
  for (const matcher of where) {
    const { name, op, value } = matcher;
    if (!isDimension(name))
      throw new SpanledgerError(
        'invalid_query',
        `"${String(name)}" is no dimension; known are ${dimensionNames.join(', ')}`,
      );
    const at = `$${first + values.length}`;
    if (op === '=' || op === '!=') {
      parts.push(`${name} ${op === '=' ? '=' : '<>'} ${at}`);
      values.push(encodeText(value));
    } else {
      const test = testOf(matcher);
      const all = await client.query<{ value: string }>(`SELECT DISTINCT ${name} AS value FROM ${schema}.dimension`);
      parts.push(`${name} = ANY(${at}::text[])`);
      values.push(all.rows.map((row) => row.value).filter((found) => test({ ...none, [name]: decodeText(found) })));
    }
  }
  if (parts.length === 0) return { sql: '', values: [] };
  return { sql: ` AND ${column} IN (SELECT id FROM ${schema}.dimension WHERE ${parts.join(' AND ')})`, values };
}

function testOf(matcher: Matcher): ReturnType<typeof matchAll> {
  try {
    return matchAll([matcher]);
  } catch (error) {
    throw new SpanledgerError('invalid_query', error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}
