/**
 * What the OTLP specification asks of a receiver and of a sender, a row each: opentelemetry-proto docs/specification.md at
 * ac2c4b5d1f3a6079de62f9afec860158ecc8af09. A test proves a row by beginning its title with it: 'H4: …', 'H7, H8: …'.
 */
export interface OtlpRow {
  readonly row: string;
  /** M must, S should, O may; '' for what the specification states without such a word. */
  readonly level: 'M' | 'S' | 'O' | '';
  readonly asks: string;
}

export interface OtlpSection {
  readonly title: string;
  /** The columns of its table. */
  readonly transports: readonly Transport[];
  readonly rows: readonly OtlpRow[];
  /** Why a row means nothing over gRPC, where that is so: what the cell says. */
  readonly notOverGrpc?: Readonly<Record<string, string>>;
}

export type Transport = 'http' | 'grpc';

export const sections: readonly OtlpSection[] = [
  {
    title: 'OTLP/HTTP, and the same over gRPC',
    transports: ['http', 'grpc'],
    rows: [
      { row: 'H1', level: '', asks: '`POST /v1/traces`, `/v1/logs`, `/v1/metrics` on port 4318' },
      { row: 'H2', level: 'S', asks: 'Protobuf and JSON on one port, by Content-Type' },
      { row: 'H3', level: 'M', asks: 'The answer has the Content-Type of the request, whatever it says' },
      { row: 'H4', level: 'M', asks: '200 with an export response; `partial_success` unset on full success' },
      { row: 'H5', level: 'S', asks: 'A request without telemetry is a success' },
      { row: 'H6', level: 'M', asks: 'Partial acceptance is a 200 that counts what was rejected' },
      { row: 'H7', level: 'S', asks: 'The message is in English and says why' },
      { row: 'H8', level: 'M', asks: 'A warning has 0 rejected and a message' },
      { row: 'H9', level: 'M', asks: 'Errors are a `google.rpc.Status` in the encoding of the request' },
      { row: 'H10', level: 'M', asks: 'What can never be read is 400, with `BadRequest`' },
      { row: 'H11', level: 'S', asks: 'What may pass is 429, 502, 503 or 504, and nothing else is' },
      { row: 'H12', level: 'S', asks: 'Overload is 429 or 503, with `Retry-After`' },
      { row: 'H13', level: 'M', asks: 'A limit of 64 MiB, before and after decompression; beyond it 413' },
      { row: 'H14', level: 'M', asks: 'Answers stay below 4 MiB' },
      { row: 'H15', level: 'M', asks: '`Content-Encoding` gzip and none' },
      { row: 'H16', level: 'O', asks: 'gzip in the answer for who accepts it' },
      { row: 'H17', level: 'O', asks: 'HTTP/2, and HTTP/1.1 for who has no more' },
    ],
    notOverGrpc: { H2: 'protobuf alone', H3: 'protobuf alone', H16: 'left out', H17: 'gRPC is HTTP/2' },
  },
  {
    title: 'JSON',
    transports: ['http'],
    rows: [
      { row: 'J1', level: '', asks: 'Ids are hex in any case, not base64' },
      { row: 'J2', level: 'M', asks: 'Enums are integers only' },
      { row: 'J3', level: 'M', asks: 'Unknown fields are ignored at every level' },
      { row: 'J4', level: '', asks: 'Keys are lowerCamelCase only' },
      { row: 'J5', level: '', asks: '64-bit integers are strings or numbers; no digit is lost beyond 2^53' },
      {
        row: 'J6',
        level: '',
        asks: 'Else as proto3 JSON: null is the default, bytes are base64, NaN and Infinity are strings',
      },
      { row: 'J7', level: '', asks: 'Parameters of the media type change nothing' },
    ],
  },
  {
    title: 'OTLP/gRPC',
    transports: ['grpc'],
    rows: [
      {
        row: 'G1',
        level: 'M',
        asks: 'A limit before and after decompression; beyond it RESOURCE_EXHAUSTED without RetryInfo',
      },
      { row: 'G2', level: 'M', asks: 'Full success leaves `partial_success` unset' },
      { row: 'G3', level: 'M', asks: 'Partial success counts what was rejected' },
      { row: 'G4', level: 'M', asks: 'What can never be read is INVALID_ARGUMENT, with `BadRequest`' },
      { row: 'G5', level: 'S', asks: 'What may pass is UNAVAILABLE, with RetryInfo' },
      { row: 'G6', level: '', asks: 'Concurrent unary calls' },
      { row: 'G7', level: 'M', asks: 'gzip and none' },
    ],
  },
  {
    title: 'Sending on to a backend',
    transports: ['http'],
    rows: [
      { row: 'D1', level: 'M', asks: 'After a partial success nothing is sent again' },
      { row: 'D2', level: 'M', asks: 'What a backend refuses for ever is not sent for ever' },
      { row: 'D3', level: 'S', asks: '`Retry-After` is honoured; else pauses grow, with jitter' },
      {
        row: 'D4',
        level: 'M',
        asks: 'A connection that breaks: sent again; a request that comes twice is counted once',
      },
      { row: 'D5', level: 'S', asks: 'Connections are kept' },
      { row: 'D6', level: 'S', asks: 'An answer without end is not read to its end' },
      { row: 'D7', level: 'S', asks: 'No empty requests' },
    ],
  },
];
