import { SpanledgerError } from '../../errors.ts';

/** PostgreSQL's codes (https://www.postgresql.org/docs/current/errcodes-appendix.html), or their classes, and what to do. */
const remedies: Readonly<Record<string, string>> = {
  '28': 'check user and password',
  '28000': 'check user, password and pg_hba.conf',
  '3D000': 'create the database',
  '42501': 'give this user CREATE on the database, or create its schema and make the user the owner',
  '53100': 'the disk of the server is full; free space',
  '53300': 'raise max_connections, or run fewer processors',
  '57014': 'no answer in time: ask for a shorter range or fewer groups',
  '25006': 'the server is read-only: name the primary, not a replica',
  ECONNREFUSED: 'is the server running, and does it listen there?',
  ENOTFOUND: 'check the name of the host',
};

/** What the driver or the server says as an error of ours, without the URL; errors of ours pass through. */
export function storeFailure(
  code: 'ledger_unavailable' | 'ledger_unusable',
  shown: string,
  error: unknown,
): SpanledgerError {
  if (error instanceof SpanledgerError) return error;
  const of = codeOf(error);
  const remedy = remedies[of] ?? remedies[of.slice(0, 2)];
  return new SpanledgerError(
    code,
    `ledger ${shown}: ${messageOf(error)}${remedy === undefined ? '' : ` (${remedy})`}`,
    {
      cause: error,
    },
  );
}

/** '' where there is none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** The transaction met another one: done again it may pass. */
export function isCollision(error: unknown): boolean {
  return ['40001', '40P01'].includes(codeOf(error));
}

function messageOf(error: unknown): string {
  // Several addresses of one name, none of which answers.
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  const message = error instanceof Error ? error.message : String(error);
  return message === '' ? codeOf(error) : message;
}
