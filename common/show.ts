/** Anything, made safe to repeat in an error: in one line, without what can make a terminal show something else. */
export function show(text: string): string {
  const printable = text.slice(0, 60).replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '?');
  return `"${printable}${text.length > 60 ? '…' : ''}"`;
}
