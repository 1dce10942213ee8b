import { expect, it } from 'vitest';
import { TurnpikeError } from './errors.ts';
import { show } from './show.ts';

it('an error is one line of which a terminal obeys nothing, whatever it repeats', () => {
  const { message, remedy } = new TurnpikeError('invalid', 'no "\u001b[2J\u009b1m\n\u202e" here', {
    remedy: '\rx',
  });
  expect(message).toBe('no "?[2J?1m??" here');
  expect(remedy).toBe('?x');
});

it('what is shown is cut, and keeps all that can be printed', () => {
  expect(show('Grüße 東京 😀')).toBe('"Grüße 東京 😀"');
  expect(show('x'.repeat(61))).toBe(`"${'x'.repeat(60)}…"`);
});
