import { z } from 'zod';
import { operations, type Operation } from './operations.ts';
import { problem } from './schemas.ts';

interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path';
  readonly required: boolean;
  readonly description: string;
  readonly example: string | undefined;
  readonly schema: object;
}

/** The OpenAPI document, made from the schemas that requests are read by and answers are held against. */
export function openApi(version: string) {
  const problems = Object.fromEntries(
    Object.entries({
      400: 'A parameter is wrong; the detail names it',
      401: 'A token of the scope "read" is needed',
      404: 'There is no such thing',
      503: 'The ledger is away, or the question takes too long',
    }).map(([status, description]) => [
      status,
      { description, content: { 'application/problem+json': { schema: jsonSchema(problem) } } },
    ]),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Spanledger',
      version,
      description:
        'What LLM calls cost, exactly: amounts are decimal strings, times are ISO 8601 in UTC. Answers have an ETag; ask with If-None-Match.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/api/v1' }],
    security: [{}, { token: [] }],
    paths: Object.fromEntries(operations.map((operation) => [`/${operation.path}`, { get: get(operation, problems) }])),
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Where tokens are set up: one of the scope "read"' },
      },
    },
  };
}

function get(operation: Operation, problems: Readonly<Record<string, object>>) {
  const other = (operation.formats ?? []).map((type) => [type, { schema: { type: 'string' } }]);
  const content = { 'application/json': { schema: jsonSchema(operation.answer) }, ...Object.fromEntries(other) };
  const unchanged = { description: 'Nothing has changed since the ETag of If-None-Match' };
  return {
    operationId: operation.id,
    summary: operation.summary,
    parameters: parameters(operation),
    responses: { 200: { description: operation.summary, content }, 304: unchanged, ...problems },
  };
}

/** Of the path and of the query, as `readX` of params.ts reads them. */
export function parameters({ params, parts = {} }: Operation): readonly Parameter[] {
  const { properties = {} } = jsonSchema(params) as {
    properties?: Record<string, { description?: string; example?: string }>;
  };
  return [
    ...Object.entries(parts).map(([name, example]) => ({
      name,
      in: 'path' as const,
      required: true,
      description: 'A part of the path',
      example,
      schema: { type: 'string' },
    })),
    ...Object.entries(properties).map(([name, { description, example, ...schema }]) => ({
      name,
      in: 'query' as const,
      required: false,
      description: description ?? '',
      example,
      schema,
    })),
  ];
}

function jsonSchema(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' });
  return rest;
}
