import { describe, expect, test, vi } from 'vitest';
import { Outbox, type Delivery } from '../../instrumentation/outbox.ts';

/** An outbox whose deliveries are answered from a list, the last answer for ever. */
function outbox(answers: readonly Delivery[], limit = 100) {
  const sent: number[][] = [];
  const warnings: string[] = [];
  const box = new Outbox<number>({
    limit,
    batch: 4,
    delayMs: 10,
    warn: (reason) => warnings.push(reason),
    send: async (items) => {
      const answer = answers[Math.min(sent.length, answers.length - 1)];
      sent.push([...items]);
      return answer as Delivery;
    },
  });
  return { box, sent, warnings };
}
const delivered: Delivery = { status: 'delivered' };
const later: Delivery = { status: 'later', reason: 'ECONNREFUSED' };

describe('outbox', () => {
  test('flush sends everything, in batches and in order', async () => {
    const { box, sent } = outbox([delivered]);
    for (let n = 1; n <= 6; n++) box.add(n);
    await box.flush(1000);
    expect(sent).toEqual([
      [1, 2, 3, 4],
      [5, 6],
    ]);
  });

  test('sends by itself after a while', async () => {
    vi.useFakeTimers();
    const { box, sent } = outbox([delivered]);
    box.add(1);
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(10);
    expect(sent).toEqual([[1]]);
    vi.useRealTimers();
  });

  test('keeps what could not be delivered and tries again, ever more slowly, with one warning', async () => {
    vi.useFakeTimers();
    const { box, sent, warnings } = outbox([later, later, later, delivered]);
    box.add(1);
    await vi.advanceTimersByTimeAsync(10);
    box.add(2);
    await vi.advanceTimersByTimeAsync(10);
    await vi.advanceTimersByTimeAsync(20);
    expect(sent).toEqual([[1], [1, 2], [1, 2]]);
    await vi.advanceTimersByTimeAsync(39);
    expect(sent).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toHaveLength(4);
    expect(box.size).toBe(0);
    expect(box.lost).toBe(0);
    expect(warnings).toEqual(['ECONNREFUSED']);
    vi.useRealTimers();
  });

  test('waits as long as the other side asks', async () => {
    vi.useFakeTimers();
    const { box, sent } = outbox([{ ...later, afterMs: 5000 }, delivered]);
    box.add(1);
    await vi.advanceTimersByTimeAsync(10 + 4999);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toHaveLength(2);
    vi.useRealTimers();
  });

  test('is bounded: the oldest go first, and are counted', async () => {
    const { box } = outbox([later], 10);
    for (let n = 0; n < 25; n++) box.add(n);
    await box.flush(1000);
    expect(box.size).toBe(10);
    expect(box.lost).toBe(15);
  });

  test('what is refused for good is given up, what follows is not', async () => {
    const { box, sent } = outbox([{ status: 'refused', reason: 'HTTP 400' }, delivered]);
    for (let n = 1; n <= 6; n++) box.add(n);
    await box.flush(1000);
    expect(sent).toEqual([
      [1, 2, 3, 4],
      [5, 6],
    ]);
    expect(box.lost).toBe(4);
  });

  test('a batch that is too large is halved', async () => {
    const { box, sent } = outbox([{ status: 'too_large' }, { status: 'too_large' }, delivered]);
    for (let n = 1; n <= 4; n++) box.add(n);
    await box.flush(1000);
    expect(sent).toEqual([[1, 2, 3, 4], [1, 2], [1], [2, 3, 4]]);
    expect(box.lost).toBe(0);
  });

  const busy: Delivery = { ...later, busy: true };
  test.each<[string, readonly Delivery[], number]>([
    ['that is busy is asked again while there is time', [busy, busy, delivered], 3],
    ['that says when is asked then', [{ ...busy, afterMs: 50 }, delivered], 2],
    ['that says a time after the flush is not asked again', [{ ...busy, afterMs: 60_000 }, delivered], 1],
    ['that is not there is not waited for', [later, delivered], 1],
  ])('flush: another side %s', async (_name, answers, tries) => {
    const { box, sent } = outbox(answers);
    box.add(1);
    await box.flush(2000);
    expect(sent).toHaveLength(tries);
    expect(box.size).toBe(tries === answers.length ? 0 : 1);
  });

  test('flush sends again what was on its way before, and refused', async () => {
    const { box, sent } = outbox([later, delivered]);
    box.add(1);
    const before = box.flush(1000);
    await box.flush(1000);
    await before;
    expect(sent).toEqual([[1], [1]]);
    expect(box.size).toBe(0);
  });

  test('flush gives up when it takes too long', async () => {
    const box = new Outbox<number>({ warn: () => {}, send: () => new Promise(() => {}) });
    box.add(1);
    const start = performance.now();
    await box.flush(20);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
