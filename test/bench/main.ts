// npm run bench              what it costs to bring a fleet onto a node
// npm run bench -- edge      what a volume over many nodes leaves behind, and how long a first packet waits
if (process.argv[2] === 'edge') {
  process.argv.splice(2, 1);
  await import('./edge/main.ts');
} else await import('./loading.ts');
