import js from '@eslint/js';
import { importX, createNodeResolver } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** Folders of src that a folder may import from, besides itself: see docs/adr and CONTRIBUTING.md, "Layers". */
export const LAYERS = {
  core: [],
  asb: ['core'],
  codecs: ['core'],
  storage: ['core'],
  aerospike: ['core'],
  engine: ['core', 'asb', 'codecs', 'storage', 'aerospike'],
  config: ['core', 'asb', 'codecs', 'storage', 'aerospike', 'engine'],
  ui: ['core', 'asb', 'codecs', 'storage', 'aerospike', 'engine'],
  api: ['core', 'asb', 'codecs', 'storage', 'aerospike', 'engine', 'config', 'ui', 'node'],
  service: ['core', 'asb', 'codecs', 'storage', 'aerospike', 'engine', 'config', 'ui', 'api'],
  cli: ['core', 'asb', 'codecs', 'storage', 'aerospike', 'engine', 'config', 'ui', 'api', 'service'],
  node: ['core', 'aerospike/protocol'],
  // Runs in a browser: it knows what the service answers, nothing else.
  console: ['service/v2/schema'],
};

const layerZones = Object.entries(LAYERS).map(([layer, allowed]) => ({
  target: `./src/${layer}`,
  from: './src',
  except: [layer, ...allowed].map((folder) => `./${folder}`),
  message: `src/${layer} may import from: ${[layer, ...allowed].join(', ')}.`,
}));

const BELOW_CONFIG = ['core', 'asb', 'codecs', 'storage', 'aerospike', 'engine'].map((layer) => `src/${layer}/**/*.ts`);
/** An option name such as `--host` at the start or after anything but a word or a hyphen. */
const OPTION_NAME = '/(?:^|[^-\\w])--[a-z]/';
const BRITISH =
  '/colour|behaviour|(?:recogni|normali|summari|seriali|initiali|organi|synchroni|optimi|minimi|maximi)s(?:e|ing|ation)/i';

const everywhere = [
  {
    selector: `Identifier[name=${BRITISH}]`,
    message: 'Use American spelling in names.',
  },
  { selector: 'PrivateIdentifier', message: 'Use the TypeScript modifier `private`.' },
];
/** AssemblyScript: other types than TypeScript's, compiled by asc alone. */
const ASSEMBLYSCRIPT = ['src/asb/wasm/**/*.ts'];
const assemblyScript = [
  {
    selector: 'ForStatement:not([test])',
    message: 'Write `while (true)`: asc drops the code behind an endless `for` that `break` leaves.',
  },
];
const verbs = [
  {
    selector:
      'FunctionDeclaration[id.name=/[a-z]Of$/], MethodDefinition[key.name=/[a-z]Of$/][key.name!="valueOf"], ' +
      'VariableDeclarator[id.name=/[a-z]Of$/][init.type="ArrowFunctionExpression"]',
    message: 'Name a function by what it does (verb and object), not `<noun>Of`.',
  },
];
const noOptionNames = [
  {
    selector: `Literal[value=${OPTION_NAME}], TemplateElement[value.raw=${OPTION_NAME}]`,
    message: 'Only config, api, ui and cli know option names: give the error a hint (src/core/hint.ts) instead.',
  },
];

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'coverage', '.tmp', 'test/fixtures', 'test/golden/expected'] },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    ignores: ASSEMBLYSCRIPT,
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.test.json' } },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [
        createNodeResolver({ extensions: ['.ts', '.tsx', '.js'], extensionAlias: { '.js': ['.ts', '.tsx', '.js'] } }),
      ],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.tsx'] },
    },
    rules: {
      // Indices on hot paths are in bounds by construction; `!` says so without a run-time cost.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Loops that wait for one end or another are written `for (;;)` or `while (true)`.
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/naming-convention': [
        'error',
        { selector: 'typeLike', format: ['PascalCase'] },
        { selector: 'function', format: ['camelCase'] },
        { selector: 'classMethod', format: ['camelCase'] },
        { selector: 'variable', format: ['camelCase', 'PascalCase', 'UPPER_CASE'], leadingUnderscore: 'allow' },
      ],
      'no-restricted-syntax': ['error', ...everywhere],
      // Prettier keeps code to this width, but leaves comments alone.
      'max-len': ['error', { code: 1000, comments: 120, ignoreUrls: true }],
      'max-lines': ['error', 500],
    },
  },
  {
    files: ['src/console/**/*.ts', 'src/console/**/*.tsx'],
    languageOptions: { parserOptions: { project: './src/console/tsconfig.json' } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      // Schemas are for the service; the page needs their types, not their library.
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [{ group: ['**/service/**'], allowTypeImports: true, message: 'Import its types alone.' }] },
      ],
      // Components are functions with the name of a type.
      '@typescript-eslint/naming-convention': [
        'error',
        { selector: 'typeLike', format: ['PascalCase'] },
        { selector: 'function', format: ['camelCase', 'PascalCase'] },
        { selector: 'variable', format: ['camelCase', 'PascalCase', 'UPPER_CASE'], leadingUnderscore: 'allow' },
      ],
    },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    ignores: ASSEMBLYSCRIPT,
    rules: {
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones: layerZones }],
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'no-restricted-syntax': ['error', ...everywhere, ...verbs],
      'no-restricted-properties': [
        'error',
        ...['env', 'argv', 'exit', 'exitCode'].map((property) => ({
          object: 'process',
          property,
          message: 'Only config (env) and cli read the environment and the arguments and end the process.',
        })),
      ],
    },
  },
  {
    files: ASSEMBLYSCRIPT,
    languageOptions: { parser: tseslint.parser },
    rules: {
      'no-undef': 'off',
      // Integers have 64 bits.
      'no-loss-of-precision': 'off',
      'no-unused-vars': ['error', { args: 'none' }],
      'no-restricted-syntax': ['error', ...everywhere, ...verbs, ...assemblyScript],
      'max-len': ['error', { code: 120, comments: 120 }],
      'max-lines': ['error', 500],
    },
  },
  {
    files: BELOW_CONFIG,
    ignores: ASSEMBLYSCRIPT,
    rules: { 'no-restricted-syntax': ['error', ...everywhere, ...verbs, ...noOptionNames] },
  },
  {
    files: ['src/config/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        ...['argv', 'exit', 'exitCode'].map((property) => ({ object: 'process', property })),
      ],
    },
  },
  { files: ['src/cli/**/*.ts', 'src/node/main.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['**/*.js', '**/*.cjs', 'bin/a*'],
    languageOptions: {
      globals: Object.fromEntries(
        ['process', 'console', 'Buffer', 'URL', 'require', 'module', '__dirname', '__filename'].map((name) => [
          name,
          'readonly',
        ]),
      ),
    },
  },
);
