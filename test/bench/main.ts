// npm run bench              what it costs to bring a fleet onto a node
// npm run bench -- edge      what a volume over many nodes leaves behind, and how long a first packet waits
// npm run bench -- sharing   whether one key on two devices is found, and who only moves is left alone
const [topic] = process.argv.slice(2);
if (topic === 'edge' || topic === 'sharing') {
  process.argv.splice(2, 1);
  if (topic === 'edge') await import('./edge/main.ts');
  else await import('./sharing/main.ts');
} else await import('./loading.ts');
