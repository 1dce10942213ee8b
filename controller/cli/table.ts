import Table from 'cli-table3';

const bare = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((part) => [part, '']),
);

const style = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 };

/** Columns without lines, so that what is printed can be cut and grepped too. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: head.map((title) => title.toUpperCase()),
    chars: { ...bare, middle: '  ' },
    style,
  });
  table.push(...rows.map((row) => [...row]));
  return trimLines(table.toString());
}

/** One thing: its properties one under the other. Properties without a value are left out. */
export function renderProperties(properties: readonly (readonly [string, string | undefined])[]): string {
  const table = new Table({ chars: { ...bare, middle: '  ' }, style });
  const set = properties.filter((row): row is readonly [string, string] => row[1] !== undefined);
  table.push(...set.map((row) => [...row]));
  return trimLines(table.toString());
}

function trimLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
