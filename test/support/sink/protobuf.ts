/**
 * Reads an ExportTraceServiceRequest in protobuf. Written from opentelemetry/proto/trace/v1/trace.proto and independent of
 * the processor's own reader, so that the two can be compared.
 */
import { integer, type Attributes, type SinkSpan, type Value } from './span.ts';

type Field = readonly [number: number, value: bigint | Uint8Array];

export function decodeProtobuf(bytes: Uint8Array): readonly SinkSpan[] {
  const spans: SinkSpan[] = [];
  for (const resourceSpans of messages(bytes, 1)) {
    const resource = keyValues(messages(resourceSpans, 1).flatMap((message) => messages(message, 1)));
    for (const scopeSpans of messages(resourceSpans, 2)) {
      const [scopeBytes = new Uint8Array()] = messages(scopeSpans, 1);
      const scope = { name: string(scopeBytes, 1), version: string(scopeBytes, 2) };
      for (const span of messages(scopeSpans, 2)) spans.push({ resource, scope, ...readSpan(span) });
    }
  }
  return spans;
}

function readSpan(bytes: Uint8Array): Omit<SinkSpan, 'resource' | 'scope'> {
  const [status = new Uint8Array()] = messages(bytes, 15);
  return {
    traceId: Buffer.from(messages(bytes, 1)[0] ?? []).toString('hex'),
    spanId: Buffer.from(messages(bytes, 2)[0] ?? []).toString('hex'),
    parentSpanId: Buffer.from(messages(bytes, 4)[0] ?? []).toString('hex'),
    name: string(bytes, 5),
    kind: Number(number(bytes, 6)),
    start: number(bytes, 7),
    end: number(bytes, 8),
    status: { code: Number(number(status, 3)), message: string(status, 2) },
    attributes: keyValues(messages(bytes, 9)),
    events: messages(bytes, 11).map((event) => ({
      name: string(event, 2),
      attributes: keyValues(messages(event, 3)),
    })),
  };
}

function keyValues(list: readonly Uint8Array[]): Attributes {
  return Object.fromEntries(list.map((entry) => [string(entry, 1), anyValue(messages(entry, 2)[0])]));
}

function anyValue(bytes: Uint8Array | undefined): Value {
  for (const [field, value] of bytes === undefined ? [] : fields(bytes)) {
    if (typeof value === 'bigint') {
      if (field === 2) return value !== 0n;
      if (field === 3) return integer(BigInt.asIntN(64, value));
      const double = new DataView(new ArrayBuffer(8));
      double.setBigUint64(0, value);
      return double.getFloat64(0);
    }
    if (field === 1) return new TextDecoder().decode(value);
    if (field === 5) return messages(value, 1).map(anyValue);
    if (field === 6) return keyValues(messages(value, 1));
    if (field === 7) return value;
  }
  return null;
}

function messages(bytes: Uint8Array, wanted: number): readonly Uint8Array[] {
  return fields(bytes).flatMap(([field, value]) => (field === wanted && typeof value !== 'bigint' ? [value] : []));
}

function string(bytes: Uint8Array, wanted: number): string {
  return new TextDecoder().decode(messages(bytes, wanted).at(-1));
}

function number(bytes: Uint8Array, wanted: number): bigint {
  const found = fields(bytes).findLast(([field, value]) => field === wanted && typeof value === 'bigint');
  return typeof found?.[1] === 'bigint' ? found[1] : 0n;
}

/** Every field of a message, in order: varints and fixed numbers as a bigint, the rest as bytes. */
function fields(bytes: Uint8Array): readonly Field[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError(`field ends after the message, at byte ${at}`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const field = key >>> 3;
    switch (key & 7) {
      case 0:
        found.push([field, varint()]);
        break;
      case 1:
        take(8);
        found.push([field, view.getBigUint64(at - 8, true)]);
        break;
      case 2:
        found.push([field, take(Number(varint()))]);
        break;
      case 5:
        take(4);
        found.push([field, BigInt(view.getUint32(at - 4, true))]);
        break;
      default:
        throw new RangeError(`wire type ${key & 7} at byte ${at}`);
    }
  }
  return found;
}
