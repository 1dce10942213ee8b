const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

/** In one line, without what can make a terminal show something else: control, formatting and line-break characters. */
export function printable(text: string): string {
  return text.replace(unprintable, '?');
}

/** The same for a text of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** Anything, made safe to repeat in an error, and not too long for it. */
export function show(text: string): string {
  return `"${printable(text.slice(0, 60))}${text.length > 60 ? '…' : ''}"`;
}
