const WIDTH = 30;

/**
 * Draws how much of a long piece of work is done, on stderr where that is a terminal, so that output stays clean.
 *
 * @example const draw = progressBar('copying'); draw(0.5); draw(1);
 */
export function progressBar(what: string): (part: number) => void {
  let shown = -1;
  return (part) => {
    const percent = Math.floor(part * 100);
    if (!process.stderr.isTTY || percent === shown) return;
    shown = percent;
    const filled = Math.round(part * WIDTH);
    const bar = '#'.repeat(filled) + '.'.repeat(WIDTH - filled);
    process.stderr.write(`\r${what} [${bar}] ${percent} %${part >= 1 ? '\n' : ''}`);
  };
}
