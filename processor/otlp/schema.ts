import { create, createFileRegistry, fromBinary, toBinary, type DescMessage } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';

/**
 * The messages whose fields we look into: field name -> [number on the wire, type]. The numbers are the wire contract
 * (opentelemetry/proto/trace/v1, logs/v1, common/v1, collector/trace/v1; google/rpc). `*` marks a repeated field, `'one'` a member
 * of the message's oneof. What is only carried along is left out, or declared as bytes: it is then kept as it came.
 */
const messages = {
  Resource: { attributes: [1, 'bytes*'] },
  Scope: { name: [1, 'string'], version: [2, 'string'] },
  Span: {
    traceId: [1, 'bytes'],
    spanId: [2, 'bytes'],
    parentSpanId: [4, 'bytes'],
    name: [5, 'string'],
    kind: [6, 'int32'],
    startTimeUnixNano: [7, 'fixed64'],
    endTimeUnixNano: [8, 'fixed64'],
    attributes: [9, 'bytes*'],
    status: [15, 'SpanStatus'],
  },
  LogRecord: {
    timeUnixNano: [1, 'fixed64'],
    body: [5, 'AnyValue'],
    attributes: [6, 'bytes*'],
    traceId: [9, 'bytes'],
    spanId: [10, 'bytes'],
    observedTimeUnixNano: [11, 'fixed64'],
    eventName: [12, 'string'],
  },
  SpanStatus: { message: [2, 'string'], code: [3, 'int32'] },
  KeyValue: { key: [1, 'string'], value: [2, 'AnyValue'] },
  AnyValue: {
    stringValue: [1, 'string', 'one'],
    boolValue: [2, 'bool', 'one'],
    intValue: [3, 'int64', 'one'],
    doubleValue: [4, 'double', 'one'],
    arrayValue: [5, 'ArrayValue', 'one'],
    kvlistValue: [6, 'KeyValueList', 'one'],
    bytesValue: [7, 'bytes', 'one'],
  },
  ArrayValue: { values: [1, 'AnyValue*'] },
  KeyValueList: { values: [1, 'KeyValue*'] },
  ExportResponse: { partialSuccess: [1, 'PartialSuccess'] },
  PartialSuccess: { rejectedSpans: [1, 'int64'], errorMessage: [2, 'string'] },
  Status: { code: [1, 'int32'], message: [2, 'string'], details: [3, 'Any*'] },
  Any: { typeUrl: [1, 'string'], value: [2, 'bytes'] },
  BadRequest: { fieldViolations: [1, 'FieldViolation*'] },
  RetryInfo: { retryDelay: [1, 'Duration'] },
  Duration: { seconds: [1, 'int64'] },
  FieldViolation: { field: [1, 'string'], description: [2, 'string'] },
} as const satisfies Record<string, Record<string, readonly [number, string] | readonly [number, string, 'one']>>;

const scalars = {
  bytes: Type.BYTES,
  string: Type.STRING,
  bool: Type.BOOL,
  int32: Type.INT32,
  int64: Type.INT64,
  fixed64: Type.FIXED64,
  double: Type.DOUBLE,
} as const;

type MessageName = keyof typeof messages;
interface ScalarValues {
  bytes: Uint8Array;
  string: string;
  bool: boolean;
  int32: number;
  int64: bigint;
  fixed64: bigint;
  double: number;
}
type One<T extends string> = T extends keyof ScalarValues
  ? ScalarValues[T]
  : T extends MessageName
    ? Message<T>
    : never;
type Value<T extends string> = T extends `${infer Item}*` ? readonly One<Item>[] : One<T>;
type Fields<M extends MessageName> = (typeof messages)[M];
type Choices<M extends MessageName> = {
  [F in keyof Fields<M>]: Fields<M>[F] extends readonly [number, infer T extends string, 'one']
    ? { readonly case: F; readonly value: Value<T> }
    : never;
}[keyof Fields<M>];

/** A decoded message, as the table says. A message field that was not sent is undefined. */
export type Message<M extends MessageName> = {
  readonly [
    F in keyof Fields<M> as Fields<M>[F] extends readonly [number, string, 'one'] ? never : F
  ]: Fields<M>[F] extends readonly [number, infer T extends string]
    ? Value<T> | (T extends MessageName ? undefined : never)
    : never;
} & ([Choices<M>] extends [never]
  ? unknown
  : { readonly value: Choices<M> | { readonly case: undefined; readonly value?: undefined } });

const PACKAGE = 'spanledger.wire';
const descriptors: ReadonlyMap<string, DescMessage> = describe();

/** Throws on bytes that are no such message. */
export function decode<M extends MessageName>(name: M, bytes: Uint8Array): Message<M> {
  return fromBinary(descriptor(name), bytes) as unknown as Message<M>;
}

/** @example encode('PartialSuccess', { rejectedSpans: 0n, errorMessage: 'backend: too old' }) */
export function encode<M extends MessageName>(name: M, message: Partial<Message<M>>): Uint8Array {
  return toBinary(descriptor(name), create(descriptor(name), message));
}

function descriptor(name: MessageName): DescMessage {
  const found = descriptors.get(name);
  if (found === undefined) throw new Error(`no descriptor for ${name}`);
  return found;
}

/** Turns the table into descriptors that the protobuf library understands. */
function describe(): ReadonlyMap<string, DescMessage> {
  const messageType = Object.entries(messages).map(([name, fields]) => {
    const rows = Object.entries<readonly [number, string, 'one'?]>(fields);
    return {
      name,
      field: rows.map(([fieldName, [number, type, choice]]) => {
        const item = type.replace('*', '');
        const scalar = Object.hasOwn(scalars, item) ? scalars[item as keyof typeof scalars] : undefined;
        return {
          name: fieldName,
          number,
          label: type.endsWith('*') ? Label.REPEATED : Label.OPTIONAL,
          type: scalar ?? Type.MESSAGE,
          ...(scalar === undefined ? { typeName: `.${PACKAGE}.${item}` } : {}),
          ...(choice === undefined ? {} : { oneofIndex: 0 }),
        };
      }),
      oneofDecl: rows.some(([, [, , choice]]) => choice !== undefined) ? [{ name: 'value' }] : [],
    };
  });
  const file = { name: 'wire.proto', package: PACKAGE, syntax: 'proto3', messageType };
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }));
  return new Map(
    Object.keys(messages).flatMap((name) => {
      const found = registry.getMessage(`${PACKAGE}.${name}`);
      return found === undefined ? [] : [[name, found] as const];
    }),
  );
}
