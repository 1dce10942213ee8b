// Biome does the ordinary linting. Here: three promise rules that need types, and the two doors of the house
// (time and commands) that only one module each may open.
import tseslint from 'typescript-eslint';

const clockOnly = 'take a Clock (common/clock.ts) instead, so that tests and the simulation own the time';

export default tseslint.config(
  { ignores: ['**/gen/**', 'node_modules/**'] },
  {
    files: ['**/*.ts'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  {
    files: ['common/**/*.ts', 'agent/**/*.ts', 'controller/**/*.ts'],
    ignores: ['common/clock.ts', '**/*.test.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'setTimeout', message: clockOnly },
        { name: 'setInterval', message: clockOnly },
        { name: 'setImmediate', message: clockOnly },
      ],
      'no-restricted-properties': ['error', { object: 'Date', property: 'now', message: clockOnly }],
    },
  },
);
