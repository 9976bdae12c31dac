/** The scanner against @bufbuild/protobuf, on requests as odd as protobuf allows. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frames } from '../../../../processor/otlp/frames.ts';
import type { Additions, Interest, Span, TraceRequest } from '../../../../processor/otlp/index.ts';
import { readProtobuf } from '../../../../processor/otlp/protobuf.ts';
import { scannerFor } from '../../../../processor/otlp/scan/scan.ts';
import { plain, plainSpan } from '../../../support/span.ts';
import { wireRequests } from '../../../support/wire-arbitraries.ts';

const scanAll = scannerFor('all');
const interest: Interest = {
  keys: new Set(['gen_ai.operation.name', 'gen_ai.usage.input_tokens', '']),
  isScope: (name) => name === 'spanledger',
};
const scanSome = scannerFor(interest);
const sound = wireRequests({ invalidText: false });
const cut = wireRequests({ invalidText: true });
const cost: Additions = { 'spanledger.cost.usd': 0.0065, 'spanledger.cost.status': 'priced', 'http.route': null };
const runs = { numRuns: 500 };

/** Undefined where the scanner leaves it to the library. */
function attempt(scan: (body: Uint8Array) => TraceRequest, body: Uint8Array): TraceRequest | undefined {
  try {
    return scan(body);
  } catch {
    return undefined;
  }
}

function withCost(request: TraceRequest, spans: readonly Span[] = request.spans): Buffer {
  return Buffer.from(request.splice(new Map(spans.map((span) => [span, cost]))));
}

describe('what the scanner reads, the library reads alike', () => {
  it('spans, with all their attributes', () => {
    let scanned = 0;
    fc.assert(
      fc.property(sound, (body) => {
        const ours = attempt(scanAll, body);
        if (ours === undefined) return;
        scanned++;
        const theirs = readProtobuf(body);
        expect(ours.spans.map(plainSpan)).toEqual(theirs.spans.map(plainSpan));
        expect([ours.unreadable, ours.passed.size]).toEqual([theirs.unreadable, 0]);
      }),
      runs,
    );
    // It must not be so that it leaves everything odd to the library, and these tests test nothing.
    expect(scanned).toBeGreaterThan(runs.numRuns / 2);
  });

  it('with additions: the same spans come out as from the library, and nothing else changes', () => {
    fc.assert(
      fc.property(sound, (body) => {
        const ours = attempt(scanAll, body);
        if (ours === undefined) return;
        const theirs = readProtobuf(withCost(readProtobuf(body)));
        const spliced = readProtobuf(withCost(ours));
        expect(spliced.spans.map(plainSpan)).toEqual(theirs.spans.map(plainSpan));
        for (const { attributes } of spliced.spans) {
          expect(attributes.get('spanledger.cost.usd')).toBe(0.0065);
          expect(attributes.has('http.route')).toBe(false);
        }
      }),
      runs,
    );
  });

  it('without what is dropped', () => {
    fc.assert(
      fc.property(sound, fc.infiniteStream(fc.boolean()), (body, choices) => {
        const ours = attempt(scanAll, body);
        if (ours === undefined) return;
        const dropped = new Set(ours.spans.filter(() => choices.next().value));
        const kept = ours.spans.filter((span) => !dropped.has(span));
        expect(readProtobuf(ours.splice(new Map(), dropped)).spans.map(plainSpan)).toEqual(kept.map(plainSpan));
      }),
      runs,
    );
  });
});

it('spans of interest are those that have one of the keys or such a scope; the others are counted', () => {
  fc.assert(
    fc.property(sound, (body) => {
      const some = attempt(scanSome, body);
      if (some === undefined) return;
      const { spans } = readProtobuf(body);
      const isWanted = ({ attributes, scope }: Span): boolean =>
        interest.isScope(scope.name) || [...interest.keys].some((key) => attributes.has(key));
      expect(some.spans.map(plainSpan)).toEqual(spans.filter(isWanted).map(plainSpan));
      const passed: Record<string, number> = {};
      for (const span of spans) if (!isWanted(span)) passed[span.scope.name] = (passed[span.scope.name] ?? 0) + 1;
      expect(Object.fromEntries(some.passed)).toEqual(passed);
    }),
    runs,
  );
});

describe('invalid UTF-8', () => {
  it('costs nothing but the characters: every span is read, where the library gives up on some', () => {
    fc.assert(
      fc.property(cut, (body) => {
        const ours = attempt(scanAll, body);
        if (ours === undefined) return;
        const { spans, unreadable } = readProtobuf(body);
        expect(ours.spans).toHaveLength(spans.length + unreadable);
        const all = ours.spans.map((span) => JSON.stringify(idsOf(span)));
        for (const span of spans) expect(all).toContain(JSON.stringify(idsOf(span)));
      }),
      runs,
    );
  });

  it('and odd bytes go on as they came: those of spans without additions, and all around the additions', () => {
    fc.assert(
      fc.property(cut, (body) => {
        const ours = attempt(scanAll, body);
        if (ours === undefined) return;
        const before = spanBytes(body);
        const chosen = ours.spans.filter((_, index) => index % 2 === 0);
        const after = spanBytes(withCost(ours, chosen));
        expect(after).toHaveLength(before.length);
        for (const [index, bytes] of after.entries()) {
          const original = before[index] ?? Buffer.alloc(0);
          if (index % 2 === 1) expect(bytes.equals(original)).toBe(true);
          else expect(withoutOurs(bytes)).toEqual(withoutOurs(original));
        }
      }),
      runs,
    );
  });
});

it('bytes that are cut or changed are read, or left to the library: no other error, no end', () => {
  fc.assert(
    fc.property(cut, fc.nat(), fc.nat(255), (body, at, byte) => {
      if (body.length === 0) return;
      const place = at % body.length;
      for (const bytes of [body.subarray(0, place), body.with(place, byte)]) {
        const ours = attempt(scanAll, bytes);
        if (ours === undefined) continue;
        withCost(ours);
        ours.spans.map(plainSpan);
      }
    }),
    { numRuns: 2000 },
  );
});

function idsOf({ traceId, spanId, parentSpanId, kind, startUnixNano }: Span): unknown {
  return plain({ traceId, spanId, parentSpanId, kind, startUnixNano });
}

/** The payloads of all spans. */
function spanBytes(body: Uint8Array): Buffer[] {
  const below = (messages: Uint8Array[], field: number): Uint8Array[] =>
    messages.flatMap((message) =>
      [...frames(message)].flatMap((part) => (part.field === field && part.payload ? [part.payload] : [])),
    );
  return below(below(below([body], 1), 2), 2).map((bytes) => Buffer.from(bytes));
}

/** A span's fields without the attributes that may have been set or taken away. */
function withoutOurs(span: Uint8Array): string[] {
  return [...frames(span)]
    .filter(({ field, payload }) => {
      if (field !== 9 || payload === undefined) return true;
      const keys = [...frames(payload)].filter((part) => part.field === 1);
      const key = keys.at(-1)?.payload;
      return !Object.hasOwn(cost, key === undefined ? '' : Buffer.from(key).toString());
    })
    .map(({ bytes }) => Buffer.from(bytes).toString('hex'));
}
