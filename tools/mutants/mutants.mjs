import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { partFinder } from './noting.mjs';
import { mutantsIn } from './operators.mjs';

/**
 * The mutants of the compiled files of a folder, each with its name, the line of its source, and the part
 * of the file that a test must reach to notice it.
 */
export function mutantsOf(root, folder) {
  return readdirSync(join(root, 'dist', folder))
    .filter((name) => name.endsWith('.js'))
    .flatMap((name) => mutantsOfFile(root, `dist/${folder}/${name}`));
}

function mutantsOfFile(root, file) {
  const code = readFileSync(join(root, file), 'utf8');
  const source = file.replace(/^dist/, 'lib').replace(/\.js$/, '.ts');
  const map = new SourceMap(JSON.parse(readFileSync(join(root, `${file}.map`), 'utf8')));
  const findPart = partFinder(code, file);
  const named = new Map();
  return mutantsIn(code).map((mutant) => {
    const { start, original, replacement, within } = mutant;
    const before = code.slice(0, start).split('\n');
    const { originalLine = 0 } = map.findEntry(before.length - 1, before.at(-1).length);
    // In a block that is emptied, what counts is whether one comes into it.
    const part = findPart(original.startsWith('{') ? start + 1 : start);
    const change = `${within}: ${short(original)} => ${short(replacement)}`;
    const number = (named.get(change) ?? 0) + 1;
    named.set(change, number);
    const name = number === 1 ? change : `${change} (${number})`;
    const hash = createHash('sha256').update(code).update(source).update(name).digest('hex');
    return { ...mutant, file, source, line: originalLine + 1, part, name, hash };
  });
}

function short(text) {
  const line = text.replaceAll(/\(0, \w+\.(\w+)\)/g, '$1').replaceAll(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 60)} … ${line.slice(-17)}` : line;
}
