/** A web server that takes everything and keeps it as it came. Arguments: file, port. */
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [file = '', port = '0'] = process.argv.slice(2);

const server = createServer((request, answer) => {
  appendFileSync(file, `${request.method} ${request.url}\n${request.rawHeaders.join('\n')}\n`);
  request.on('data', (chunk: Buffer) => appendFileSync(file, chunk));
  request.on('end', () => answer.end());
});
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('listening\n'));
