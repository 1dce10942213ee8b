import { afterEach, expect, test, vi } from 'vitest';
import { EarlierStates } from '../../../controller/south/earlier-states.ts';
import { runPlan } from '../../simulation/run.ts';
import { drawPlan, type Theme, themes } from '../../simulation/steps.ts';

afterEach(() => vi.restoreAllMocks());

test.each<Theme>(['messages', 'crashes', 'partitions', 'power loss', 'restore and crashes'])(
  'with %s, each agent says what its last report was, and none is taken for one that went back',
  async (theme) => {
    const hellos = vi.spyOn(EarlierStates.prototype, 'hello');
    for (const round of [1, 2, 3]) {
      await runPlan(drawPlan(round * themes.length + themes.indexOf(theme)));
    }
    expect(hellos).toHaveBeenCalled();
    expect(hellos.mock.results.filter(({ value }) => value !== false)).toEqual([]);
  },
);
