/**
 * Loaded before the controller: writes every message that it receives of nodes, as the bytes of the wire behind TLS, to
 * the file that RECORDED_MESSAGES names.
 */
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const file = process.env['RECORDED_MESSAGES'] ?? '/dev/null';
Object.assign(globalThis, { recordMessage: (bytes: Uint8Array) => appendFileSync(file, bytes) });

const places: Readonly<Record<string, readonly [from: string, to: string]>> = {
  '/controller/south/parse-message.ts': [
    'return fromBinary(schema, bytes);',
    'globalThis.recordMessage(bytes); return fromBinary(schema, bytes);',
  ],
  '/common/grpc/service.ts': [
    '=> fromBinary(desc, bytes);',
    '=> (globalThis.recordMessage(bytes), fromBinary(desc, bytes));',
  ],
};

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    const place = Object.entries(places).find(([path]) => url.endsWith(path));
    if (place === undefined) return loaded;
    const [path, [from, to]] = place;
    const source = String(loaded.source);
    if (!source.includes(from)) throw new Error(`${path} does not read messages as it did`);
    return { ...loaded, source: source.replace(from, to) };
  },
});
