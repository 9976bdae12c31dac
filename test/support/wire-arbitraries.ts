/**
 * Trace requests as bytes, as odd as protobuf allows: fields in any order, doubled and unknown ones, varints longer than
 * they need to be. Written field by field, so that no library tidies up.
 */
import * as fc from 'fast-check';

type Bytes = Uint8Array<ArrayBuffer>;

export interface WireOptions {
  /** Texts that are no UTF-8, as an SDK leaves them that cuts a text in the middle of a character. */
  readonly invalidText: boolean;
}

/** A varint, with `more` bytes that it does not need. */
function varint(value: bigint, more = 0): Bytes {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    bytes.push(Number(rest & 0x7fn));
    if (rest < 0x80n) break;
  }
  for (let index = 0; index < more && bytes.length < 10; index++) bytes.push(0);
  return Uint8Array.from(bytes, (byte, index) => (index < bytes.length - 1 ? byte | 0x80 : byte));
}

function concat(parts: readonly Uint8Array[]): Bytes {
  return new Uint8Array(Buffer.concat(parts));
}

const padding = fc.oneof(
  { weight: 9, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
);

function delimited(field: number, payload: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Bytes> {
  return fc
    .tuple(payload, padding)
    .map(([bytes, more]) => concat([varint(BigInt((field << 3) | 2)), varint(BigInt(bytes.length), more), bytes]));
}
function number(field: number, value: fc.Arbitrary<bigint>): fc.Arbitrary<Bytes> {
  return fc.tuple(value, padding).map(([int, more]) => concat([varint(BigInt(field << 3)), varint(int, more)]));
}
function fixed64(field: number): fc.Arbitrary<Bytes> {
  return fc
    .uint8Array({ minLength: 8, maxLength: 8 })
    .map((bytes) => concat([varint(BigInt((field << 3) | 1)), bytes]));
}
const utf8 = (value: string): Bytes => new TextEncoder().encode(value);
const uint64 = fc.oneof(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));

/** Fields of a later version of the protocol. */
const unknown = fc.integer({ min: 100, max: 1000 }).chain((field) =>
  fc.oneof(
    delimited(field, fc.uint8Array({ maxLength: 6 })),
    number(field, uint64),
    fixed64(field),
    fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => concat([varint(BigInt((field << 3) | 5)), bytes])),
  ),
);

/** A message of such fields: in this order or any other, some of them twice, some of them left out. */
function message(...fields: readonly fc.Arbitrary<Uint8Array>[]): fc.Arbitrary<Bytes> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.tuple(...fields).map(concat) },
    { weight: 1, arbitrary: fc.array(fc.oneof(...fields, unknown), { maxLength: 8 }).map(concat) },
  );
}
function repeated(field: fc.Arbitrary<Uint8Array>, maxLength: number): fc.Arbitrary<Bytes> {
  return fc.array(field, { maxLength }).map(concat);
}

const keyNames = [
  'gen_ai.operation.name',
  'gen_ai.usage.input_tokens',
  'spanledger.cost.usd',
  'spanledger.cost.status',
  'http.route',
  'db.system',
  '',
  'x'.repeat(130),
] as const;

export function wireRequests({ invalidText }: WireOptions): fc.Arbitrary<Bytes> {
  const sound = fc.oneof(fc.string({ maxLength: 12, unit: 'grapheme' }), fc.constant('y'.repeat(200))).map(utf8);
  const broken = fc.constantFrom(Uint8Array.of(0x63, 0xff), Uint8Array.of(0xe2, 0x82), Uint8Array.of(0xc0, 0x80));
  const text = invalidText ? fc.oneof({ weight: 4, arbitrary: sound }, { weight: 1, arbitrary: broken }) : sound;
  const name = fc.oneof(fc.constantFrom(...keyNames).map(utf8), text);
  const { value } = fc.letrec<{ value: Bytes }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      delimited(1, text),
      number(2, fc.bigInt({ min: 0n, max: 1n })),
      number(3, uint64),
      fixed64(4),
      fc.constant(new Uint8Array()),
      delimited(7, fc.uint8Array({ maxLength: 5 })),
      delimited(5, repeated(delimited(1, tie('value')), 3)),
      delimited(6, repeated(delimited(1, message(delimited(1, text), delimited(2, tie('value')))), 3)),
      // Several fields in one oneof: the last counts.
      fc.tuple(number(3, uint64), delimited(1, text)).map(concat),
    ),
  }));
  const attribute = message(delimited(1, name), delimited(2, value));
  const id = (length: number): fc.Arbitrary<Uint8Array> =>
    fc.oneof(
      { weight: 4, arbitrary: fc.uint8Array({ minLength: length, maxLength: length }) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }) },
    );
  const status = message(delimited(2, text), number(3, fc.bigInt({ min: 0n, max: 3n })));
  const span = message(
    delimited(1, id(16)),
    delimited(2, id(8)),
    delimited(4, id(8)),
    delimited(5, text),
    number(6, uint64),
    fixed64(7),
    fixed64(8),
    repeated(delimited(9, attribute), 4),
    delimited(11, fc.uint8Array({ maxLength: 6 })),
    delimited(15, status),
  );
  const scope = message(
    delimited(1, fc.oneof(text, fc.constantFrom('spanledger', 'ai').map(utf8))),
    delimited(2, text),
  );
  const scopeSpans = message(delimited(1, scope), repeated(delimited(2, span), 3), delimited(3, text));
  const resource = message(repeated(delimited(1, attribute), 3), number(2, uint64));
  const resourceSpans = message(delimited(1, resource), repeated(delimited(2, scopeSpans), 3), delimited(3, text));
  return message(repeated(delimited(1, resourceSpans), 3));
}
