import { Command } from 'commander';
import { startApp } from '../app.ts';
import { loadConfig } from '../config.ts';

/**
 * `spanledger serve`: receives spans until SIGTERM or SIGINT. The first signal lets what has begun finish; the second ends
 * at once. SIGHUP makes it read prices, contract and budgets again.
 */
export function serveCommand(): Command {
  return new Command('serve')
    .description('receive OTLP spans, price them, keep the ledger; page and API beside it')
    .option('-c, --config <file>', 'configuration (default: spanledger.yaml, if there is one)')
    .action(async ({ config: file }: { config?: string }) => {
      const app = await startApp(loadConfig({ file, env: process.env, cwd: process.cwd() }), {
        print: (line) => console.log(line),
      });
      process.on('SIGHUP', () => void app.reload());
      await firstSignal();
      await app.stop();
    });
}

/** Nothing else keeps listening for signals after the first, so the second one ends the process as it always does. */
function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      process.off('SIGTERM', done).off('SIGINT', done);
      resolve();
    };
    process.on('SIGTERM', done).on('SIGINT', done);
  });
}
