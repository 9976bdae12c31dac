import { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { SpanledgerError } from '../errors.ts';
import { priceAge } from '../metrics/collect.ts';
import { openPrices } from '../prices.ts';
import { inspectLedger, type Finding } from '../stores/sqlite/inspect.ts';
import { configOption, ledgerFile, ledgerOption, type LedgerOptions } from './ledger-file.ts';
import { tableText } from './table.ts';

interface Options extends LedgerOptions {
  readonly json?: boolean;
}

const STALE_DAYS = 45;

/**
 * `spanledger doctor`: looks over configuration, prices and ledger; exit code 1 where something is wrong.
 *
 * @example await doctorCommand().parseAsync(['--ledger', 'spanledger.db'], { from: 'user' })
 */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('look over configuration, prices and ledger; the processor may be running')
    .option(...ledgerOption)
    .option(...configOption)
    .option('--json', 'print what was found as JSON')
    .action((options: Options) => {
      const findings = [...examine(options)];
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify({ findings }, undefined, 2)}\n`
          : tableText(
              findings.map(({ check, state, detail }) => [state, check, detail]),
              3,
            ),
      );
      if (findings.some(({ state }) => state === 'failed')) process.exitCode = 1;
    });
}

function* examine(options: Options): Generator<Finding> {
  yield* attempt('configuration', function* () {
    const config = loadConfig({ file: options.config, env: process.env, cwd: process.cwd() });
    yield { check: 'configuration', state: 'ok', detail: `ledger ${config.ledger}` };
    yield* attempt('prices', function* () {
      const { checked, models } = openPrices(config);
      const days = Math.floor(priceAge(checked, Date.now() * 1000) / 86_400);
      const detail = `${models.toLocaleString('en-US')} models, checked ${checked}`;
      yield days > STALE_DAYS
        ? { check: 'prices', state: 'warning', detail: `${detail}, ${days} days ago: update spanledger` }
        : { check: 'prices', state: 'ok', detail };
    });
  });
  yield* attempt('ledger', () => inspectLedger(ledgerFile(options)));
}

function* attempt(check: string, look: () => Iterable<Finding>): Generator<Finding> {
  try {
    yield* look();
  } catch (error) {
    if (!(error instanceof SpanledgerError)) throw error;
    yield { check, state: 'failed', detail: error.message };
  }
}
