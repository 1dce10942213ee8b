// npm run bench              what it costs to bring a fleet onto a node
// npm run bench -- edge      what a volume over many nodes leaves behind, and how long a first packet waits
// npm run bench -- reconnect a thousand nodes that come back at once
// npm run bench -- sharing   whether one key on two devices is found, and who only moves is left alone
// npm run bench -- speed     what TCP makes of the speeds of tariffs
const part = process.argv[2];
if (part === 'edge' || part === 'reconnect' || part === 'sharing' || part === 'speed') {
  process.argv.splice(2, 1);
}
if (part === 'edge') await import('./edge/main.ts');
else if (part === 'reconnect') await import('./reconnect/main.ts');
else if (part === 'sharing') await import('./sharing/main.ts');
else if (part === 'speed') await import('./speed/main.ts');
else await import('./loading.ts');
