/** Puts a catalog together from its sources: the primary one, amendments, the overlay, and the check against others. */
import { amendModels, amendTiers } from './amend.ts';
import { agreements, crossCheck, listedByLiteLLM, readLangfuse, readModelsDev } from './cross-check.ts';
import { inheritFromFamilies } from './family.ts';
import { importGenaiPrices } from './genai-prices.ts';
import { readLiteLLM } from './litellm.ts';
import { overlayLiteLLM, type Overlay } from './overlay.ts';
import { dropImplausible } from './plausible.ts';
import type { ProviderFile } from './provider-file.ts';
import { review, type ReviewRow } from './review.ts';

/** The text of a source and the ISO day of its snapshot. */
export interface Source {
  readonly text: string;
  readonly day: string;
}

export interface Sources {
  readonly genaiPrices: Source;
  readonly litellm?: Source;
  readonly modelsDev?: Source;
  readonly langfuse?: Source;
}

export interface Assembled {
  readonly files: readonly ProviderFile[];
  readonly review: readonly ReviewRow[];
  readonly overlay: Overlay;
  /** What was left out because our cards can't say it, or nobody knows it. */
  readonly left: readonly string[];
}

/** Pure. Throws a TypeError or SyntaxError where a source is not what it should be. */
export function assemble({ genaiPrices, litellm, modelsDev, langfuse }: Sources): Assembled {
  const { files: imported, left } = importGenaiPrices(genaiPrices.text, genaiPrices.day);
  const files = new Map(imported.map((file) => [file.provider, file]));
  amendModels(files);
  const lite = litellm === undefined ? { entries: [], left: [] } : readLiteLLM(litellm.text);
  const overlay = overlayLiteLLM(files, lite.entries, litellm?.day ?? genaiPrices.day);
  const slips = dropImplausible(files.values());
  amendTiers(files);
  inheritFromFamilies(files.values(), genaiPrices.day);
  const listed = [
    ...(litellm === undefined ? [] : listedByLiteLLM(lite.entries, litellm.day)),
    ...(modelsDev === undefined ? [] : readModelsDev(modelsDev.text, modelsDev.day)),
    ...(langfuse === undefined ? [] : readLangfuse(langfuse.text)),
  ];
  const observations = crossCheck(files, listed);
  const agreed = agreements(observations);
  for (const { provider, models } of files.values())
    for (const block of models) {
      const agree = agreed.get(`${provider}/${block.model}`) ?? [];
      if (agree.length > 0) block.agree = [...agree];
    }
  const rows = review(observations);
  return { files: [...files.values()], review: rows, overlay, left: [...left, ...lite.left, ...slips] };
}
