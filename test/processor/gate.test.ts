import { expect, it } from 'vitest';
import { createGate } from '../../processor/gate.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it('what is done behind the closed door overlaps with nothing, whatever fails', async () => {
  const gate = createGate();
  const order: string[] = [];
  let within = 0;
  const guest = async (name: string): Promise<void> => {
    within++;
    await pause(5);
    order.push(name);
    within--;
    if (name === 'b') throw new Error('b fails');
  };
  const alone = async (name: string): Promise<void> => {
    expect(within).toBe(0);
    await pause(5);
    expect(within).toBe(0);
    order.push(name);
    if (name === 'X') throw new Error('X fails');
  };
  const all = [
    gate.pass(() => guest('a')),
    gate.pass(() => guest('b')),
    gate.closed(() => alone('X')),
    gate.pass(() => guest('c')),
    gate.closed(() => alone('Y')),
    gate.pass(() => guest('d')),
  ];
  const results = await Promise.allSettled(all);
  expect(results.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
  expect(order.slice(0, 3)).toEqual(['a', 'b', 'X']);
  expect(order.toSorted()).toEqual(['X', 'Y', 'a', 'b', 'c', 'd']);
});
