/**
 * Forecasts of the month's end on generated histories, beside the naive one (the pace of the month so far goes on):
 * `node test/bench/forecast.ts`. Each history is forecast in 60 months: a quarter, a half and three quarters through.
 */
import { backTest, shapes } from '../support/back-test.ts';

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`.padStart(8);

console.log('                                        error    naive   in band   width of the band');
for (const [name, shape] of Object.entries(shapes)) {
  const { error, naive, inBand, width } = backTest(shape);
  console.log(`${name.padEnd(38)}${percent(error)} ${percent(naive)}  ${percent(inBand)}  ${percent(width)}`);
}
console.log('\nerror: mean absolute, of what the month came to; the band means to hold four months of five');
