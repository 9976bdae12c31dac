/**
 * Every measurement, one after the other, each in a process of its own: `npm run bench`, or `npm run bench -- pricing ledger`;
 * numbers go to the measurement: `npm run bench -- ledger 10000000`.
 * Files beside this one are the list; each checks its answers before it times them, and prints ratios.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename } from 'node:path';

const all = globSync('*.ts', { cwd: import.meta.dirname })
  .map((file) => basename(file, '.ts'))
  .filter((name) => name !== 'run')
  .toSorted();
const numbers = process.argv.slice(2).filter((word) => /^\d+$/.test(word));
const wanted = process.argv.slice(2).filter((word) => !numbers.includes(word));
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`there is no measurement ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exit(2);
}
for (const name of wanted.length > 0 ? wanted : all) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, [`${import.meta.dirname}/${name}.ts`, ...numbers], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
