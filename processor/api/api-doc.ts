import { operations, type Operation } from './operations.ts';
import { parameters } from './openapi.ts';

/** docs/api.md, from the operations that the server answers. */
export function apiDoc(): string {
  return `# The HTTP API

Made from the OpenAPI document, which the processor serves under \`/api/v1/openapi.json\`: generate clients from it.

Everything but leases is read with GET under \`http://localhost:9464/api/v1/\`. Amounts are exact decimal strings in US dollars; they are
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
${stateDoc}
${leasesDoc}`;
}

/** No answer that ends, so it is in no OpenAPI document. */
const stateDoc = `## GET /api/v1/budgets/state

How budgets that act stand, for guards: server-sent events, for as long as the connection is open. It asks for a token of the
scope \`guard\` (\`SPANLEDGER_TOKEN_GUARD\`) where there is one.

| parameter | | example |
|---|---|---|
| \`models\` | Models whose rates are needed, by provider, besides those that were called lately | \`openai/gpt-4o,anthropic/claude-haiku-4-5\` |
| \`instance\` | What the process calls itself where it asks for leases: 8 to 64 letters, digits, \`-\` and \`_\` | \`6b0c1d2e-77aa-4d0f-9d39-1b0a4d6c2f10\` |

- \`snapshot\`: rules and rates; then \`keys\`, any number of times; then \`ready\`. Again whenever budgets, prices or periods change.
- \`delta\`: keys and rates that are new, within a fifth of a second.
- A key is \`[rule, terms, spent, values]\`. Only keys are told that have spent at least the \`floor\` of their terms, a quarter of the
  lowest limit that acts. \`values\` of \`null\` are the account that keys beyond \`max_keys\` share.
- Amounts are whole numbers as text: tokens, requests, or 10⁻¹⁵ USD. Instants are milliseconds since the Unix epoch.
- Every ten seconds there is a comment, so that silence means something.
- \`starter_divisor\` of a snapshot: the part of a leased cap, 1 of so many, that this instance may spend of a key before anything
  is granted, until half of the cap is spent; \`null\`: nothing.
- With \`Last-Event-ID\`, what was missed is told alone, where it is still known.
`;

/** It changes something, so it is in no document of questions. */
const leasesDoc = `## POST /api/v1/budgets/leases

What a guard may spend of caps with \`lease: true\`. It asks for a token of the scope \`guard\`, too.

\`\`\`json
{
  "instance": "6b0c1d2e-77aa-4d0f-9d39-1b0a4d6c2f10",
  "claims": [
    {
      "lease": "1",
      "budget": "trial",
      "values": ["acme"],
      "start_ms": 1793491200000,
      "terms": 0,
      "granted": "25000000000000",
      "returned": "0",
      "settled": "6000000000000",
      "unseen": "6000000000000",
      "want": "20000000000000"
    }
  ]
}
\`\`\`

- \`lease\` is the instance's own number of it; \`values\`, \`start_ms\` and \`terms\` name key, period and terms as the state does.
- \`granted\`, \`returned\` (given back) and \`settled\` (what its calls have cost) are sums since the lease was begun, so a message
  that comes twice changes nothing. Of \`settled\`, \`unseen\` was not told back yet. \`want\` is granted whole or not at all.
- The answer has \`grants\` of \`lease\`, \`granted\` (all so far) and \`free\` (what could be granted besides). A budget or period that
  is not known grants nothing. What is granted holds as long as the state is heard, and 30 seconds more; a snapshot asks for every
  lease to be told anew.
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
