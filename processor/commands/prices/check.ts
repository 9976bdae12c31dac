/** `spanledger prices check`: whether the rate cards can be trusted today. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { ageDays, auditCatalog, STALE_DAYS } from '../../../pricing/audit.ts';
import { CatalogError } from '../../../pricing/catalog-file.ts';
import { catalogDirectory, loadStrictly } from '../../../pricing/load.ts';

export const reviewFile = 'review.jsonl';

export function checkCommand(): Command {
  return new Command('check')
    .description('reads every rate card strictly; looks for age, gaps and undecided disagreements; exits 1 on any')
    .option('--prices <folder>', 'a folder of rate cards (default: the one that comes with the package)')
    .option('--max-age <days>', 'how old the newest check may be', parseDays, STALE_DAYS)
    .option('--json', 'the findings as JSON')
    .action((options: { readonly prices?: string; readonly maxAge: number; readonly json?: boolean }) => {
      process.exitCode = check(options.prices ?? catalogDirectory, options.maxAge, options.json === true);
    });
}

function check(directory: string, maxAgeDays: number, json: boolean): number {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  try {
    const catalog = loadStrictly(directory);
    const now = Date.now() * 1000;
    const { rows, open } = readReview(directory);
    const findings = auditCatalog(catalog, { now, maxAgeDays, open });
    const models = catalog.providers.flatMap((provider) => provider.models);
    const cards = models.flatMap((model) => model.cards);
    const summary = {
      version: catalog.version,
      checked: catalog.checked,
      age_days: ageDays(catalog.checked, now),
      providers: catalog.providers.length,
      models: catalog.models,
      cards: cards.length,
      dated_cards: cards.filter(({ from, until }) => from !== undefined || until !== undefined).length,
      agreed_models: models.filter(({ agree }) => agree.length > 0).length,
      reviewed: rows - open.length,
      open: open.length,
      findings: findings.map(({ what }) => what),
    };
    if (json) print(JSON.stringify(summary));
    else {
      for (const { what } of findings) print(what);
      print(
        `${summary.version}: ${summary.providers} providers, ${summary.models} models, ${summary.cards} cards ` +
          `(${summary.dated_cards} dated), ${summary.agreed_models} models alike in two lists or more, ${summary.reviewed} disagreements reviewed, ${summary.open} open, ` +
          `checked ${summary.age_days} days ago`,
      );
    }
    return findings.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof CatalogError)) throw error;
    for (const problem of error.problems) process.stderr.write(`${problem}\n`);
    return 2;
  }
}

/** The review lies beside the cards; a folder of one's own may have none. */
function readReview(directory: string): { rows: number; open: string[] } {
  const path = join(directory, reviewFile);
  if (!existsSync(path)) return { rows: 0, open: [] };
  const rows = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { model: string; unit: string; why: string; decision: string });
  const open = rows.filter(({ decision }) => decision === 'open');
  return { rows: rows.length, open: open.map(({ model, unit, why }) => `${model} ${unit}: ${why}`) };
}

function parseDays(text: string): number {
  const days = Number(text);
  if (Number.isSafeInteger(days) && days > 0) return days;
  throw new InvalidArgumentError('needs a number of days such as 90');
}
