import js from '@eslint/js';
import globals from 'globals';

export default [
  js.configs.recommended,
  {
    files: ['**/*.mjs'],
    languageOptions: { ecmaVersion: 2023, sourceType: 'module', globals: globals.node },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always'],
      'no-var': 'error',
      'prefer-const': 'error',
      'no-shadow': 'error',
      'max-lines': ['error', 300],
      'max-len': ['error', { code: 150 }],
    },
  },
  { files: ['integration/mqtt_*.test.mjs'], rules: { 'max-lines': ['error', 360] } }, // tables of cases
  { files: ['browser/**/*.mjs'], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
];
