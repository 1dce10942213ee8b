import { TextDecoder } from 'node:util';
import { TurnpikeError } from '../../common/errors.ts';
import type { Api } from './api.ts';

/**
 * Bodies as RFC 8259 has them: UTF-8, or refused. What is in another encoding would be read with replaced letters, and two
 * customers could become one.
 */
export function readJsonBodies(api: Api): void {
  const parse = api.getDefaultJsonParser('error', 'error');
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  api.removeContentTypeParser('application/json');
  api.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    let text: string;
    try {
      text = decoder.decode(body as Buffer);
    } catch {
      done(new TurnpikeError('invalid', 'the body is not UTF-8', { remedy: 'send JSON in UTF-8' }));
      return;
    }
    void parse(request, text, done);
  });
}
