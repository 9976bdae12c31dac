/** `spanledger prices import`: a new version of the rate cards, made from public lists and shown before it is written. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { diffCatalogs } from '../../../pricing/diff.ts';
import { loadStrictly } from '../../../pricing/load.ts';
import { appendCatalog, onlyAdditions } from '../../../pricing/sources/append.ts';
import { assemble, type Source } from '../../../pricing/sources/assemble.ts';
import { publishCatalog, withStaged } from '../../../pricing/sources/publish.ts';
import { formatReview } from '../../../pricing/sources/review.ts';
import { readStanding } from '../../../pricing/sources/standing.ts';
import { fetchPriceList } from '../../price-list.ts';
import { reviewFile } from './check.ts';
import { diffLines } from './diff.ts';

interface Options {
  readonly genaiPrices?: string;
  readonly fromUrl?: string | true;
  readonly litellm?: string;
  readonly modelsDev?: string;
  readonly langfuse?: string;
  readonly day: string;
  readonly litellmDay?: string;
  readonly modelsDevDay?: string;
  readonly out: string;
  readonly approve?: boolean;
  readonly additions?: boolean;
}

export function importCommand(): Command {
  return new Command('import')
    .description('makes rate cards from public price lists and shows what would change; --approve writes them')
    .option('--genai-prices <file>', 'the data of @pydantic/genai-prices as JSON')
    .option('--from-url [url]', 'fetch that data instead')
    .option('--litellm <file>', "LiteLLM's model_prices_and_context_window.json: tiers, fees, media")
    .option('--models-dev <file>', 'models.dev as JSON, to check against')
    .option('--langfuse <file>', "Langfuse's default-model-prices.json, to check against")
    .option('--day <day>', 'the day of the data', parseDay, new Date().toISOString().slice(0, 10))
    .option('--litellm-day <day>', 'the day of that file', parseDay)
    .option('--models-dev-day <day>', 'the day of that file', parseDay)
    .requiredOption('--out <folder>', 'the folder of rate cards; cards that stand there are kept and added to')
    .option('--additions', 'take new models and providers only, and hold every change of a standing card')
    .option('--approve', 'write what is shown')
    .action(async (options: Options) => {
      process.exitCode = await importPrices(options);
    });
}

async function importPrices(options: Options): Promise<number> {
  const { day, out } = options;
  const primary = await primarySource(options);
  if (primary === undefined) {
    process.stderr.write('spanledger: name a source: --genai-prices <file> or --from-url\n');
    return 2;
  }
  const {
    files: fresh,
    review,
    overlay,
    left,
  } = assemble({
    genaiPrices: { text: primary, day },
    ...read('litellm', options.litellm, options.litellmDay ?? day),
    ...read('modelsDev', options.modelsDev, options.modelsDevDay ?? day),
    ...read('langfuse', options.langfuse, day),
  });
  const standing = existsSync(out) ? readStanding(out) : [];
  const { files, dropped } =
    standing.length === 0 ? { files: fresh, dropped: [] } : appendCatalog(standing, fresh, day);
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  if (standing.length > 0)
    for (const line of withStaged(files, out, (staged) => diffLines(diffCatalogs(loadStrictly(out), staged))))
      print(line);
  for (const model of dropped.slice(0, 20)) print(`  kept, though the sources no longer have it: ${model}`);
  if (dropped.length > 20) print(`  … and ${dropped.length - 20} more`);
  const open = review.filter(({ decision }) => decision === 'open');
  for (const row of open)
    print(`! ${row.model} ${row.unit}: ${row.ours} against ${JSON.stringify(row.others)}: ${row.why}`);
  print(
    `${overlay.laid} entries laid over, ${overlay.added} added, ${left.length} prices left out, ` +
      `${review.length} disagreements (${open.length} open)`,
  );
  if (options.approve !== true) {
    print('nothing written; --approve does');
    return 0;
  }
  const held = options.additions === true && standing.length > 0;
  if (held) print('changes of standing cards are held; without --additions they are written too');
  const catalog = publishCatalog(held ? onlyAdditions(standing, fresh) : files, out);
  writeFileSync(join(out, reviewFile), formatReview(review));
  print(`published ${catalog.version}: ${catalog.models} models in ${out}`);
  return 0;
}

async function primarySource({ genaiPrices, fromUrl }: Options): Promise<string | undefined> {
  if (genaiPrices !== undefined) return readFileSync(genaiPrices, 'utf8');
  return fromUrl === undefined ? undefined : fetchPriceList(fromUrl === true ? undefined : fromUrl);
}

function read<K extends string>(name: K, path: string | undefined, day: string): Partial<Record<K, Source>> {
  return path === undefined ? {} : ({ [name]: { text: readFileSync(path, 'utf8'), day } } as Record<K, Source>);
}

function parseDay(text: string): string {
  if (/^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError('needs a day such as 2026-11-25');
}
