import { Command } from 'commander';
import { existsSync } from 'node:fs';
import { ageDays, STALE_DAYS } from '../../pricing/audit.ts';
import { loadConfig, type Config } from '../config.ts';
import { inspectCoverage } from '../doctor/coverage.ts';
import { inspectRunning } from '../doctor/running.ts';
import { SpanledgerError } from '../errors.ts';
import { openPrices } from '../prices.ts';
import type { Finding } from '../stores/finding.ts';
import { inspectLedger, readLedger, shownLedger } from '../stores/index.ts';
import { isPostgres } from '../stores/postgres/location.ts';
import { configOption, ledgerPlace, ledgerOption, type LedgerOptions } from './ledger-file.ts';
import { tableText } from './table.ts';

interface Options extends LedgerOptions {
  readonly json?: boolean;
}

/**
 * `spanledger doctor`: looks over configuration, prices, ports, ledger and tags; exit code 1 where something is wrong.
 *
 * @example await doctorCommand().parseAsync(['--ledger', 'spanledger.db'], { from: 'user' })
 */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('look over configuration, prices, ports, ledger and tags; the processor may be running')
    .option(...ledgerOption)
    .option(...configOption)
    .option('--json', 'print what was found as JSON')
    .action(async (options: Options) => {
      const findings: Finding[] = [];
      for await (const finding of examine(options)) findings.push(finding);
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

async function* examine(options: Options): AsyncGenerator<Finding> {
  let config: Config | undefined;
  yield* attempt('configuration', function* () {
    config = loadConfig({ file: options.config, env: process.env, cwd: process.cwd() });
    yield { check: 'configuration', state: 'ok', detail: `ledger ${shownLedger(config.ledger).location}` };
  });
  const known = config;
  if (known !== undefined) {
    yield* attempt('prices', () => inspectPrices(known));
    yield* inspectRunning(known);
  }
  if (options.ledger === undefined && known !== undefined && isMissing(known.ledger)) {
    yield { check: 'ledger', state: 'ok', detail: `there is none yet: "spanledger serve" makes ${known.ledger}` };
    return;
  }
  yield* attempt('ledger', async function* () {
    const place = ledgerPlace(options);
    yield* inspectLedger(place);
    const reader = await readLedger(place);
    try {
      yield* inspectCoverage(reader, Date.now() * 1000);
    } finally {
      await reader.close();
    }
  });
}

/** Of a database it is asked there. */
function isMissing(location: string): boolean {
  return !isPostgres(location) && !existsSync(location);
}

function* inspectPrices(config: Config): Generator<Finding> {
  const { checked, models } = openPrices(config);
  const days = ageDays(checked, Date.now() * 1000);
  const detail = `${models.toLocaleString('en-US')} models, checked ${checked}`;
  yield days > STALE_DAYS
    ? { check: 'prices', state: 'warning', detail: `${detail}, ${days} days ago: update spanledger` }
    : { check: 'prices', state: 'ok', detail };
}

async function* attempt(
  check: string,
  look: () => Iterable<Finding> | AsyncIterable<Finding>,
): AsyncGenerator<Finding> {
  try {
    yield* look();
  } catch (error) {
    if (!(error instanceof SpanledgerError)) throw error;
    yield { check, state: 'failed', detail: error.message };
  }
}
