import { fastify } from 'fastify';

// What fastify alone makes of an answer of that size: it is read as JSON on standard input, and written anew each time.
const [socketPath = ''] = process.argv.slice(2);
let text = '';
for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk;
const answer: unknown = JSON.parse(text);
const bare = fastify();
bare.get('/', async () => answer);
await bare.listen({ path: socketPath });
process.stdout.write('ready\n');
