import { cpSync, existsSync } from 'node:fs';
import type { Logger } from 'pino';
import { ageDays, STALE_DAYS } from '../pricing/audit.ts';
import type { PriceBook } from '../pricing/index.ts';
import type { Catalog } from '../pricing/catalog.ts';
import { catalogDirectory, loadCatalog } from '../pricing/load.ts';
import { assemble } from '../pricing/sources/assemble.ts';
import { publishCatalog } from '../pricing/sources/publish.ts';
import { refresh } from '../pricing/sources/refresh.ts';
import { readStanding } from '../pricing/sources/standing.ts';
import type { Config } from './config.ts';
import { fetchPriceList } from './price-list.ts';
import { openPrices } from './prices.ts';

const DAY = 86_400_000;

/** The price book of now, whichever that is. */
export interface LivePrices extends PriceBook {
  /** The rate cards that it was made from, for what asks about models rather than a call. */
  readonly catalog: Catalog;
  /** Changes of standing cards that the newest list has and nobody has approved. */
  readonly held: number;
  /** Reads cards and contract again. With a mistake in them the old ones stay, and the log says what is wrong. */
  reload(): void;
  /** Takes what is new in the published list. What goes wrong is logged, and tried again tomorrow. */
  refresh(): Promise<void>;
  stop(): void;
}

export interface LivePricesOptions {
  readonly config: Pick<Config, 'contract' | 'prices'>;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Opens the price book and keeps it up to date as the settings say. A call is charged by one book from beginning to end.
 *
 * @throws SpanledgerError `invalid_config` with every mistake, one a line, at the start only
 * @example const prices = openLivePrices({ config, log }); process.on('SIGHUP', () => prices.reload());
 */
export function openLivePrices({ config, log, now = Date.now }: LivePricesOptions): LivePrices {
  const { folder, refresh: mode, list } = config.prices;
  if (mode === 'daily' && folder !== undefined && !existsSync(folder))
    cpSync(catalogDirectory, folder, { recursive: true });
  let book = openPrices(config);
  let cards: { readonly of: PriceBook; readonly catalog: Catalog } | undefined;
  let held = 0;
  let taking: Promise<void> | undefined;
  const daily = setInterval(tick, DAY).unref();

  function tick(): void {
    const age = ageDays(book.checked, now() * 1000);
    if (age > STALE_DAYS)
      log.warn(
        { checked: book.checked, age_days: age },
        'the rate cards are old: update the package, or run spanledger prices import',
      );
    if (mode === 'daily') void takeOnce();
  }

  function reload(): void {
    try {
      const before = book.version;
      book = openPrices(config);
      log.info({ before, version: book.version, models: book.models }, 'prices read');
    } catch (error) {
      log.error({ err: error }, `the new prices can't be used; those of ${book.version} stay`);
    }
  }

  /** Who asks while it is done gets the same answer: it writes files. */
  function takeOnce(): Promise<void> {
    return (taking ??= takeAdditions().finally(() => (taking = undefined)));
  }

  async function takeAdditions(): Promise<void> {
    if (folder === undefined) return;
    try {
      const day = new Date(now()).toISOString().slice(0, 10);
      const text = await fetchPriceList(list);
      const {
        files,
        addedModels,
        held: changes,
      } = refresh(readStanding(folder), assemble({ genaiPrices: { text, day } }).files, day);
      publishCatalog(files, folder);
      held = changes.length;
      if (addedModels.length > 0) log.info({ added: addedModels.length }, 'new models in the rate cards');
      if (held > 0)
        log.warn(
          { held, cards: [...new Set(changes.map(({ card }) => card))].slice(0, 10) },
          `changed rates wait for approval: spanledger prices import --from-url${list === undefined ? '' : ` ${list}`} --out ${folder} shows them`,
        );
      reload();
    } catch (error) {
      log.error({ err: error }, 'the list of prices could not be taken; the rate cards stay as they are');
    }
  }

  tick();
  return {
    price: (query) => book.price(query),
    get version() {
      return book.version;
    },
    get checked() {
      return book.checked;
    },
    get models() {
      return book.models;
    },
    get catalog() {
      if (cards?.of !== book) cards = { of: book, catalog: loadCatalog(folder ?? catalogDirectory) };
      return cards.catalog;
    },
    get held() {
      return held;
    },
    reload,
    refresh: takeOnce,
    stop: () => clearInterval(daily),
  };
}
