/** `spanledger prices list`: what the catalog knows, for people and for machines. */
import { Command } from 'commander';
import {
  cardId,
  formatInstant,
  isFromLiteLLM,
  type Model,
  type Provider,
  type RateCard,
} from '../../../pricing/catalog.ts';
import { ratesText } from '../../../pricing/diff.ts';
import { catalogDirectory, loadCatalog } from '../../../pricing/load.ts';
import { providerName } from '../../../pricing/model-id.ts';

interface Options {
  readonly provider?: string;
  readonly json?: boolean;
  readonly prices?: string;
}

export function listCommand(): Command {
  return new Command('list')
    .description('the rate cards of models whose name contains a text; without one, the providers')
    .argument('[text]', 'part of a model name, e.g. gpt-4o')
    .option('--provider <name>', 'only this provider')
    .option('--json', 'one JSON object a line')
    .option('--prices <folder>', 'a folder of rate cards (default: the one that comes with the package)')
    .action((text: string | undefined, options: Options) => {
      const catalog = loadCatalog(options.prices ?? catalogDirectory);
      const wanted = options.provider === undefined ? undefined : providerName(options.provider);
      const providers = catalog.providers.filter(({ provider }) => wanted === undefined || provider === wanted);
      const lines =
        text === undefined && wanted === undefined
          ? providerLines(providers, options.json === true)
          : cardLines(providers, (text ?? '').toLowerCase(), options.json === true);
      for (const line of lines) process.stdout.write(`${line}\n`);
      if (lines.length === 0) {
        process.stderr.write(`spanledger: no model contains "${text ?? ''}"\n`);
        process.exitCode = 1;
      }
    });
}

function providerLines(providers: readonly Provider[], json: boolean): string[] {
  const rows = providers.map(({ provider, models, checked }) => ({
    provider,
    models: models.length,
    cards: models.reduce((sum, { cards }) => sum + cards.length, 0),
    checked,
  }));
  if (json) return rows.map((row) => JSON.stringify(row));
  const lines = rows.map(
    ({ provider, models, cards, checked }) =>
      `${provider.padEnd(26)} ${String(models).padStart(5)} models ${String(cards).padStart(6)} cards  checked ${checked}`,
  );
  const total = rows.reduce((sum, { models, cards }) => ({ models: sum.models + models, cards: sum.cards + cards }), {
    models: 0,
    cards: 0,
  });
  return [...lines, `${rows.length} providers, ${total.models} models, ${total.cards} cards`];
}

function cardLines(providers: readonly Provider[], text: string, json: boolean): string[] {
  return providers.flatMap((provider) =>
    provider.models
      .filter(({ model, match }) => [model, ...match].some((name) => name.toLowerCase().includes(text)))
      .flatMap((model) => model.cards.map((card) => cardLine(provider, model, card, json))),
  );
}

function cardLine({ provider, sources, checked }: Provider, listed: Model, card: RateCard, json: boolean): string {
  const id = cardId(provider, listed.model, card);
  const until = card.until === undefined ? undefined : formatInstant(card.until);
  const source = card.source ?? sources[0];
  // The primary list and the amendments were read from the provider's own page; this list often was not.
  const alone = listed.agree.length === 0 && isFromLiteLLM(listed);
  if (json)
    return JSON.stringify({
      price_id: id,
      until,
      rates: ratesText(card.rates),
      source,
      checked: card.checked ?? checked,
      agree: listed.agree,
    });
  return `${id}${until === undefined ? '' : ` until ${until}`}: ${ratesText(card.rates)}${alone ? " (LiteLLM's list alone)" : ''}`;
}
