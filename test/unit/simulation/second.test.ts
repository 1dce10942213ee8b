import { themes } from '../../simulation/steps.ts';
import { keepsItsPromises } from './worlds.ts';

keepsItsPromises(themes.filter((_, n) => n % 2 === 1));
