/** OTLP log requests in protobuf, made from their JSON; independent of the processor's own code. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { encodeAttribute, message, type TestValue } from './otlp.ts';

type Value = Readonly<{ stringValue?: string; intValue?: string; doubleValue?: number; boolValue?: boolean }>;
interface Attribute {
  readonly key: string;
  readonly value: Value;
}
interface Record {
  readonly timeUnixNano: string;
  readonly observedTimeUnixNano: string;
  readonly body: Value;
  readonly attributes: readonly Attribute[];
  readonly eventName?: string;
  readonly traceId?: string;
  readonly spanId?: string;
}
interface Request {
  readonly resourceLogs: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeLogs: readonly {
      readonly scope: { readonly name: string; readonly version: string };
      readonly logRecords: readonly Record[];
    }[];
  }[];
}

export function encodeLogs(json: Uint8Array): Uint8Array {
  const { resourceLogs } = JSON.parse(Buffer.from(json).toString()) as Request;
  return message(
    ...resourceLogs.map(({ resource, scopeLogs }) => {
      const attributes = message(...resource.attributes.map((pair) => [1, attribute(pair)] as const));
      const scopes = scopeLogs.map(({ scope, logRecords }) => {
        const records = logRecords.map((record) => [2, encodeRecord(record)] as const);
        return [2, message([1, message([1, scope.name], [2, scope.version])], ...records)] as const;
      });
      return [1, message([1, attributes], ...scopes)] as const;
    }),
  );
}

function encodeRecord({ timeUnixNano, observedTimeUnixNano, body, attributes, eventName, ...ids }: Record): Uint8Array {
  return new BinaryWriter()
    .tag(1, WireType.Bit64)
    .fixed64(BigInt(timeUnixNano))
    .tag(11, WireType.Bit64)
    .fixed64(BigInt(observedTimeUnixNano))
    .raw(message([5, message([1, body.stringValue])], ...attributes.map((pair) => [6, attribute(pair)] as const)))
    .raw(message([9, bytesOf(ids.traceId)], [10, bytesOf(ids.spanId)], [12, eventName]))
    .finish();
}

function bytesOf(hex: string | undefined): Uint8Array | undefined {
  return hex === undefined ? undefined : Buffer.from(hex, 'hex');
}

function attribute({ key, value }: Attribute): Uint8Array {
  return encodeAttribute([key, valueOf(value)]);
}

function valueOf({ stringValue, intValue, doubleValue, boolValue }: Value): TestValue {
  if (intValue !== undefined) return { int: BigInt(intValue) };
  if (doubleValue !== undefined) return { double: doubleValue };
  return boolValue ?? stringValue ?? '';
}
