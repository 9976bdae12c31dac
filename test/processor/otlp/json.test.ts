import { describe, expect, it } from 'vitest';
import { readTraces, type Span } from '../../../processor/otlp/index.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

/** The only span of a request whose span is written as `text`. */
function read(text: string): Span | undefined {
  const body = `{"resourceSpans":[{"scopeSpans":[{"spans":[${text}]}]}]}`;
  return readTraces(Buffer.from(body), 'json').spans[0];
}

function attribute(value: string): unknown {
  return read(`{"attributes":[{"key":"a","value":${value}}]}`)?.attributes.get('a');
}

describe('J1: ids are hex, in any case', () => {
  it.each([
    [TRACE, SPAN, TRACE, SPAN],
    [TRACE.toUpperCase(), SPAN.toUpperCase(), TRACE, SPAN],
    // Base64, of the right length once decoded: not an id here.
    ['CvdlGRbNQ92ESOshHIAxnA==', 't61rcWkgMzE=', '', ''],
    [TRACE.slice(1), `${SPAN}0`, '', ''],
    ['', '', '', ''],
  ])('%s / %s', (trace, span, traceId, spanId) => {
    expect(read(`{"traceId":"${trace}","spanId":"${span}","parentSpanId":"${span}"}`)).toMatchObject({
      traceId,
      spanId,
      parentSpanId: spanId,
    });
  });
});

describe('J2: enums are integers', () => {
  it('reads integers', () => {
    expect(read('{"kind":3,"status":{"code":2,"message":"no"}}')).toMatchObject({
      kind: 3,
      statusCode: 2,
      statusMessage: 'no',
    });
  });
  it('takes a name for no value at all', () => {
    expect(read('{"kind":"SPAN_KIND_CLIENT","status":{"code":"STATUS_CODE_ERROR"}}')).toMatchObject({
      kind: 0,
      statusCode: 0,
    });
  });
});

it('J3: unknown fields are ignored when read, and kept when written', () => {
  const body =
    '{"x":1,"resourceSpans":[{"x":{},"resource":{"x":1},"scopeSpans":[{"x":[],"scope":{"x":null,"name":"s"},"spans":[{"x":"y","name":"n"}]}]}]}';
  const traces = readTraces(Buffer.from(body), 'json');
  expect(traces.spans[0]).toMatchObject({ name: 'n', scope: { name: 's' } });
  const [span] = traces.spans;
  const spliced = span && Buffer.from(traces.splice(new Map([[span, { a: 'b' }]]))).toString();
  expect(spliced).toBe(body.replace('"name":"n"', '"name":"n","attributes":[{"key":"a","value":{"stringValue":"b"}}]'));
});

it('J4: snake_case keys are unknown fields', () => {
  expect(read('{"trace_id":"0af7651916cd43dd8448eb211c80319c","start_time_unix_nano":"5"}')).toMatchObject({
    traceId: '',
    startUnixNano: 0n,
  });
  expect(readTraces(Buffer.from('{"resource_spans":[{}]}'), 'json').spans).toEqual([]);
});

describe('J5: 64-bit integers are strings or numbers, exact beyond 2^53', () => {
  it.each([
    ['"1790000000000000001"', 1_790_000_000_000_000_001n],
    ['1790000000000000001', 1_790_000_000_000_000_001n],
    ['"18446744073709551615"', 18_446_744_073_709_551_615n],
    ['"18446744073709551616"', 0n],
    ['-1', 0n],
    ['"soon"', 0n],
    ['null', 0n],
  ])('startTimeUnixNano %s', (text, expected) => {
    expect(read(`{"startTimeUnixNano":${text}}`)?.startUnixNano).toBe(expected);
  });
  it.each([
    ['{"intValue":"800"}', 800],
    ['{"intValue":800}', 800],
    ['{"intValue":"-9223372036854775808"}', -9_223_372_036_854_775_808n],
    ['{"intValue":9007199254740993}', 9_007_199_254_740_993n],
    ['{"intValue":"8.5"}', undefined],
    ['{"intValue":true}', undefined],
  ])('%s', (text, expected) => {
    expect(attribute(text)).toBe(expected);
  });
  it.each([
    '9007199254740993',
    '12345678901234567890.5',
    '1e400',
    '-0',
    '1.0',
    '0.1234567890123456789',
    '123456789012345678901234567890',
  ])('writes %s back digit for digit', (digits) => {
    const body = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"n","odd":${digits},"list":[${digits}]}]}]}]}`;
    const traces = readTraces(Buffer.from(body), 'json');
    const [span] = traces.spans;
    const spliced = span && Buffer.from(traces.splice(new Map([[span, { a: 'b' }]]))).toString();
    const value = (text: string): string => text.replace(/(?<=\d)\.0\b/g, '');
    expect(value(spliced ?? '')).toContain(value(`"odd":${digits},"list":[${digits}]`));
  });
});

describe('J6: proto3 JSON otherwise', () => {
  it.each([
    ['null', null],
    ['{}', null],
    ['{"stringValue":null}', null],
    ['{"stringValue":""}', ''],
    ['{"boolValue":false}', false],
    ['{"doubleValue":0.5}', 0.5],
    ['{"doubleValue":"0.5"}', 0.5],
    ['{"doubleValue":"NaN"}', Number.NaN],
    ['{"doubleValue":"-Infinity"}', -Infinity],
    ['{"bytesValue":"AQI="}', Buffer.from([1, 2])],
    ['{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"b"}]}}', [1, 'b']],
    ['{"arrayValue":{}}', []],
    ['{"kvlistValue":{"values":[{"key":"k","value":{"boolValue":true}}]}}', new Map([['k', true]])],
    ['{"stringValue":7}', undefined],
    ['{"doubleValue":"fast"}', undefined],
    ['"bare"', undefined],
  ])('%s', (text, expected) => {
    expect(attribute(text)).toEqual(expected);
  });
});

describe('odd things cost only themselves', () => {
  it('an attribute of a wrong shape leaves the others', () => {
    const list =
      '[7,null,{"value":{"intValue":"1"}},{"key":5},{"key":"a","value":{"intValue":[]}},{"key":"b","value":{"intValue":"2"}}]';
    expect(read(`{"name":"n","attributes":${list}}`)?.attributes).toEqual(new Map([['b', 2]]));
  });
  it.each(['{"attributes":"none"}', '{"status":[],"name":9,"traceId":{}}'])('a span of %s is read', (text) => {
    expect(read(text)).toMatchObject({ name: '', attributes: new Map() });
  });
  it('a span that is no object is counted and passed on', () => {
    const body = '{"resourceSpans":[{"scopeSpans":[{"spans":[5,{"name":"n"}]}]}]}';
    const traces = readTraces(Buffer.from(body), 'json');
    expect([traces.unreadable, traces.spans.length]).toEqual([1, 1]);
    const spliced = traces.splice(new Map(traces.spans.map((span) => [span, { a: 'b' }])));
    expect(Buffer.from(spliced).toString()).toContain('"spans":[5,{"name":"n","attributes":');
  });
  it('the last of doubled keys wins', () => {
    const pair = (text: string): string => `{"key":"a","value":{"stringValue":"${text}"}}`;
    expect(read(`{"attributes":[${pair('1')},${pair('2')}]}`)?.attributes.get('a')).toBe('2');
  });
  it('an attribute nested without end is as if it were not there', () => {
    const deep = `${'{"arrayValue":{"values":['.repeat(5000)}${']}}'.repeat(5000)}`;
    expect(() => attribute(deep)).not.toThrow();
  });
});

describe('malformed requests are refused, and say where', () => {
  it.each([
    ['{bad', 'no JSON at position 1 (line 1 column 2)'],
    ['{"resourceSpans":', 'the text ends too early or is no JSON'],
    ['[]', 'the top level is not an object'],
    ['null', 'the top level is not an object'],
    ['{"resourceSpans":{}}', 'resourceSpans is not an array'],
    ['{"resourceSpans":[null]}', 'resourceSpans[0] is not an object'],
    ['{"resourceSpans":[{},{"scopeSpans":7}]}', 'resourceSpans[1].scopeSpans is not an array'],
    ['{"resourceSpans":[{"scopeSpans":[{"spans":{}}]}]}', 'resourceSpans[0].scopeSpans[0].spans is not an array'],
    // Never the text around the fault: it may be a prompt.
    ['{"a": sk-secret}', 'the text ends too early or is no JSON'],
  ])('%s', (body, where) => {
    expect(() => readTraces(Buffer.from(body), 'json')).toThrow(
      expect.objectContaining({ code: 'malformed_otlp', message: `not an OTLP trace request in JSON: ${where}` }),
    );
  });
});

it.each(['', '{}', '{"resourceSpans":[]}', '{"resourceSpans":null}'])('an empty request: "%s"', (body) => {
  expect(readTraces(Buffer.from(body), 'json').spans).toEqual([]);
});
