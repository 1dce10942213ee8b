import fc from 'fast-check';
import { hostileText } from './hostile.ts';

interface Edit {
  readonly kind: 'insert' | 'delete' | 'double' | 'replace' | 'cut' | 'swap';
  readonly at: number;
  readonly length: number;
  readonly text: string;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('insert', 'delete', 'double', 'replace', 'cut', 'swap'),
  at: fc.nat(1_000_000),
  length: fc.oneof(fc.nat(3), fc.nat(60)),
  text: hostileText,
});

/** What a tool printed, changed in up to six places; now and then something else altogether. */
export function mutatedText(recorded: readonly [string, ...string[]]): fc.Arbitrary<string> {
  const changed = fc
    .tuple(fc.constantFrom(...recorded), fc.array(edit, { maxLength: 6 }))
    .map(([text, edits]) => edits.reduce(apply, text));
  return fc.oneof({ weight: 8, arbitrary: changed }, { weight: 1, arbitrary: hostileText });
}

function apply(text: string, { kind, at, length, text: other }: Edit): string {
  const start = text.length === 0 ? 0 : at % text.length;
  const end = Math.min(text.length, start + length);
  const [before, middle, after] = [text.slice(0, start), text.slice(start, end), text.slice(end)];
  switch (kind) {
    case 'insert':
      return before + other + middle + after;
    case 'delete':
      return before + after;
    case 'double':
      return before + middle + middle + after;
    case 'replace':
      return before + other + after;
    case 'cut':
      return before;
    case 'swap':
      return before + after + middle;
  }
}

/** The same for what is JSON: values, whole branches and keys are changed, and it stays JSON. */
export function mutatedJson(recorded: readonly [string, ...string[]]): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.nat(1_000_000),
    kind: fc.constantFrom('set', 'delete', 'double'),
    value: fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      hostileText,
      fc.constantFrom(null, [], {}, -1, 1e308, true),
    ),
  });
  return fc
    .tuple(fc.constantFrom(...recorded), fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([text, changes]) => {
      const root = { value: JSON.parse(text) as unknown };
      for (const { at, kind, value } of changes) {
        const places = placesOf(root);
        const place = places[at % places.length];
        if (place === undefined) continue;
        const { holder, key } = place;
        if (kind === 'set') holder[key] = value;
        else if (kind === 'delete') delete holder[key];
        else if (Array.isArray(holder)) holder.push(holder[Number(key)]);
        else holder[key] = [holder[key], holder[key]];
      }
      // As nft prints it: with a blank behind each colon.
      return JSON.stringify(root.value, undefined, 1) ?? '';
    });
}

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function placesOf(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesOf(holder[key])]);
}
