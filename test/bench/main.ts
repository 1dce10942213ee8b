import { refuse } from '../options.ts';
import { otherParts, parts } from './parts.ts';

// npm run bench [-- PART] [--help]
const [, , name = '--'] = process.argv;
const part = parts[name];
if (part !== undefined) {
  process.argv.splice(2, 1);
  await part();
} else if (name.startsWith('-')) await import('./loading.ts');
else refuse(`there is no "${name}"`, `Usage: ${otherParts.trimStart()}`);
