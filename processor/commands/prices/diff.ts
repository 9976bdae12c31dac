/** `spanledger prices diff`: what another folder of rate cards would change. */
import { Command } from 'commander';
import { diffCatalogs, type CardChange, type CatalogDiff } from '../../../pricing/diff.ts';
import { catalogDirectory, loadStrictly } from '../../../pricing/load.ts';

export function diffCommand(): Command {
  return new Command('diff')
    .description('what changes from one folder of rate cards to another; exits 1 when anything does')
    .argument('<before>', 'a folder of rate cards; "-" for the one that comes with the package')
    .argument('<after>', 'another one')
    .option('--json', 'the changes as JSON')
    .action((before: string, after: string, options: { readonly json?: boolean }) => {
      const folder = (name: string): string => (name === '-' ? catalogDirectory : name);
      const diff = diffCatalogs(loadStrictly(folder(before)), loadStrictly(folder(after)));
      for (const line of options.json === true ? [JSON.stringify(diff)] : diffLines(diff))
        process.stdout.write(`${line}\n`);
      process.exitCode = isEmpty(diff) ? 0 : 1;
    });
}

export function isEmpty({ addedModels, removedModels, cards }: CatalogDiff): boolean {
  return addedModels.length + removedModels.length + cards.length === 0;
}

/** @example diffLines({ addedModels: ['openai/gpt-9'], removedModels: [], cards: [] }) // ['+ openai/gpt-9', '1 added …'] */
export function diffLines(diff: CatalogDiff): string[] {
  const { addedModels, removedModels, cards } = diff;
  return [
    ...addedModels.map((model) => `+ ${model}`),
    ...removedModels.map((model) => `- ${model}`),
    ...cards.map(changeLine),
    `${addedModels.length} models added, ${removedModels.length} gone, ${cards.length} changes of cards`,
  ];
}

function changeLine(change: CardChange): string {
  if ('rates' in change) return `${change.change === 'added' ? '+' : '-'} ${change.card}: ${change.rates}`;
  const what = change.change === 'until' ? 'until' : change.unit;
  return `~ ${change.card}: ${what} ${change.before} -> ${change.after}`;
}
