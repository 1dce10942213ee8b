import { refuse } from '../options.ts';
import { parts, partUsage } from './parts.ts';

// npm run bench [-- PART] [--help]
const [, , name] = process.argv;
if (name === undefined || name.startsWith('-')) await import('./loading.ts');
else {
  const part = parts[name] ?? refuse(`there is no "${name}"`, `Usage: ${partUsage}`);
  process.argv.splice(2, 1);
  await part();
}
