/**
 * A process of its own that delivers what another one could not before its end: bodies on stdin, one a line. Only with
 * `SPANLEDGER_LAST_GASP=on`. It does not try again: the other process waits for it.
 */
import { text } from 'node:stream/consumers';
import { otlpConfig } from './otlp-config.ts';
import { post } from './transport.ts';

// Sending alone keeps no process alive.
const awake = setInterval(() => {}, 1000);
const encoder = new TextEncoder();

async function deliver(): Promise<void> {
  const config = otlpConfig(process.env);
  const bodies = (await text(process.stdin)).split('\n').filter((line) => line !== '');
  for (const body of bodies) await post(encoder.encode(body), config);
}

deliver()
  .catch(() => {
    process.exitCode = 1;
  })
  .finally(() => clearInterval(awake));
