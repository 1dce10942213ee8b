// npm run bench              what it costs to bring a fleet onto a node
// npm run bench -- edge      what a volume over many nodes leaves behind, and how long a first packet waits
// npm run bench -- speed     what TCP makes of the speeds of tariffs
const parts: Readonly<Record<string, string>> = { edge: './edge/main.ts', speed: './speed/main.ts' };

const part = parts[process.argv[2] ?? ''];
if (part !== undefined) process.argv.splice(2, 1);
await import(part ?? './loading.ts');
