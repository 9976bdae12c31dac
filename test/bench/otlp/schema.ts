/** All of opentelemetry/proto/collector/trace/v1, for libraries that decode everything. */
import { create, createFileRegistry, type DescMessage } from '@bufbuild/protobuf';
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import protobuf from 'protobufjs';

const proto = `
syntax = "proto3";
package otlp;
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message InstrumentationScope {
  string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4;
}
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
  int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
  uint32 dropped_attributes_count = 10; repeated Event events = 11; uint32 dropped_events_count = 12;
  repeated Link links = 13; uint32 dropped_links_count = 14; Status status = 15; fixed32 flags = 16;
}
message Event {
  fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4;
}
message Link {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4;
  uint32 dropped_attributes_count = 5; fixed32 flags = 6;
}
message Status { string message = 2; int32 code = 3; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue {
  oneof value {
    string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
    ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7;
  }
}
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
`;
const NAME = 'otlp.ExportTraceServiceRequest';

const { root } = protobuf.parse(proto);

/** For protobufjs, which makes code for each message from it. */
export const requestType: protobuf.Type = root.resolveAll().lookupType(NAME);

/** For @bufbuild/protobuf. */
export const requestDescriptor: DescMessage = describe();

function describe(): DescMessage {
  const messageType =
    root.nested === undefined ? [] : typesOf(root.lookup('otlp') as protobuf.Namespace).map(describeType);
  const file = { name: 'otlp.proto', package: 'otlp', syntax: 'proto3', messageType };
  const found = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getMessage(NAME);
  if (found === undefined) throw new Error(`no ${NAME}`);
  return found;
}

function typesOf({ nestedArray }: protobuf.Namespace): protobuf.Type[] {
  return nestedArray.filter((each) => each instanceof protobuf.Type);
}

function describeType(type: protobuf.Type): { name: string; field: object[]; oneofDecl: { name: string }[] } {
  return {
    name: type.name,
    oneofDecl: type.oneofsArray.map(({ name }) => ({ name })),
    field: type.fieldsArray.map((field) => ({
      name: field.name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      number: field.id,
      label: field.repeated ? FieldDescriptorProto_Label.REPEATED : FieldDescriptorProto_Label.OPTIONAL,
      ...(field.resolvedType === null
        ? { type: FieldDescriptorProto_Type[field.type.toUpperCase() as keyof typeof FieldDescriptorProto_Type] }
        : { type: FieldDescriptorProto_Type.MESSAGE, typeName: `.otlp.${field.type}` }),
      ...(field.partOf === null ? {} : { oneofIndex: 0 }),
    })),
  };
}
