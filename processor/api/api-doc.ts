import { operations, type Operation } from './operations.ts';
import { parameters } from './openapi.ts';

/** docs/api.md, from the operations that the server answers. */
export function apiDoc(): string {
  return `# The HTTP API

Made from the OpenAPI document, which the processor serves under \`/api/v1/openapi.json\`: generate clients from it.

Everything is read with GET under \`http://localhost:9464/api/v1/\`. Amounts are exact decimal strings in US dollars; they are
\`null\` where no call has a price, which is never 0. Times are ISO 8601 in UTC. A tag that a call does not carry is \`""\`.

- **Who may read**: on loopback everybody, until a token of the scope \`read\` is set up (\`SPANLEDGER_TOKEN_READ\`); then send
  \`Authorization: Bearer TOKEN\`.
- **Mistakes** are \`application/problem+json\` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)): \`type\` is stable
  (\`urn:spanledger:error:invalid_query\`), \`detail\` names the parameter and says what is allowed. A parameter that does not
  exist is a mistake.
- **503** with \`Retry-After\`: the ledger is away, or a question takes more than 30 seconds: ask for less.
- **ETag**: ask again with \`If-None-Match\`, and an answer that has not changed is 304 without a body. Give \`from\` and \`to\` as
  days or instants then: \`-30d\` is another time at every request.
- **Limits**: 10,000 rows of \`costs\` as JSON, 100,000 as CSV or NDJSON; 2,000 buckets; 1,000 entries a page. NDJSON of
  entries has no end but that of the range: it is written as fast as it is read.
- **Long ago**: UTC days older than [retention](operations.md#how-long-things-are-kept) have no hours; where their calls are gone
  too, a day counts, whole, where it begins.

${operations.map(operationDoc).join('\n')}
${stateDoc}`;
}

/** No answer that ends, so it is in no OpenAPI document. */
const stateDoc = `## GET /api/v1/budgets/state

How budgets that act stand, for guards: server-sent events, for as long as the connection is open. It asks for a token of the
scope \`guard\` (\`SPANLEDGER_TOKEN_GUARD\`) where there is one.

| parameter | | example |
|---|---|---|
| \`models\` | Models whose rates are needed, by provider, besides those that were called lately | \`openai/gpt-4o,anthropic/claude-haiku-4-5\` |

- \`snapshot\`: rules and rates; then \`keys\`, any number of times; then \`ready\`. Again whenever budgets, prices or periods change.
- \`delta\`: keys and rates that are new, within a fifth of a second.
- A key is \`[rule, terms, spent, values]\`. Only keys are told that have spent at least the \`floor\` of their terms, a quarter of the
  lowest limit that acts. \`values\` of \`null\` are the account that keys beyond \`max_keys\` share.
- Amounts are whole numbers as text: tokens, requests, or 10⁻¹⁵ USD. Instants are milliseconds since the Unix epoch.
- Every ten seconds there is a comment, so that silence means something.
- With \`Last-Event-ID\`, what was missed is told alone, where it is still known.
`;

function operationDoc(operation: Operation): string {
  const { path, summary, formats = [] } = operation;
  const rows = parameters(operation).map(({ name, description, example }) => {
    return `| \`${name}\` | ${cell(description)} | ${example === undefined ? '' : `\`${cell(example)}\``} |`;
  });
  const table =
    rows.length === 0 ? 'No parameters.\n' : `| parameter | | example |\n|---|---|---|\n${rows.join('\n')}\n`;
  const also =
    formats.length === 0 ? '' : ` Also as ${formats.map((type) => `\`${type}\``).join(' and ')} (\`format\`).`;
  return `## GET /api/v1/${path}

${summary}.${also}

${table}
${examples[operation.id] ?? ''}`.replace(/\n\n\n+/g, '\n\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

const examples: Readonly<Record<string, string>> = {
  costs: `\`\`\`sh
curl 'http://localhost:9464/api/v1/costs?by=customer_id&from=2026-11-01&to=2026-12-01&top=10&compare=previous'
curl 'http://localhost:9464/api/v1/costs?by=feature&bucket=day&tz=Asia/Kolkata&format=csv'
\`\`\`
`,
  derivation: `\`\`\`sh
curl --get http://localhost:9464/api/v1/derivation --data-urlencode 'where=customer_id="acme"'
\`\`\`
`,
  entries: `\`\`\`sh
curl 'http://localhost:9464/api/v1/entries?task_id=task-1&limit=20'
curl 'http://localhost:9464/api/v1/entries?from=2026-11-01&to=2026-12-01&format=ndjson' > november.ndjson
\`\`\`
`,
  values: `\`\`\`sh
curl 'http://localhost:9464/api/v1/dimensions/customer_id?match=ac&limit=20'
\`\`\`
`,
};
