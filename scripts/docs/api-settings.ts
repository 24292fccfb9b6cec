/** The types of the library's settings, made of the option tables. */
import { catalogBackupOptions } from '../../src/config/schema/catalog/backup.js';
import { catalogOptions } from '../../src/config/schema/catalog/common.js';
import { backupDiffOptions, clusterDiffOptions } from '../../src/config/schema/catalog/diff.js';
import { exportOptions } from '../../src/config/schema/catalog/export.js';
import { listOptions } from '../../src/config/schema/catalog/list.js';
import { mergeOptions } from '../../src/config/schema/catalog/merge.js';
import { catalogRestoreOptions } from '../../src/config/schema/catalog/restore.js';
import { serveOptions } from '../../src/config/schema/catalog/serve.js';
import { clusterVerifyOptions, soundnessOptions } from '../../src/config/schema/catalog/verify.js';
import { apiNames, type OptionSpec, type OptionTable } from '../../src/config/schema/option-spec.js';
import type { ToolPage } from './tool-page.js';

const NOTE = `/** Made of the option tables (src/config/schema) by "npm run docs": do not edit. */
`;
const HEAD = `${NOTE}
/** A seed node. */
export interface HostAddress {
  host: string;
  /** Default: \`port\` of the settings. */
  port?: number;
  /** The name in the certificate of the node, if that is not its host. */
  tlsName?: string;
}
`;

const WIDTH = 120;

/** Groups of settings, the type of each, and what it is. */
const GROUPS: Readonly<Record<string, readonly [type: string, text: string]>> = {
  auth: ['Credentials', 'Who logs in. PKI logs in with the client certificate and needs no user.'],
  tls: ['TlsSettings', 'How to speak TLS. At least one of `ca`, `caFile` and `caPath`.'],
  encrypt: ['EncryptSettings', 'The encryption of the files, with one source of the key.'],
  s3: ['S3Settings', 'How S3 is reached.'],
  gcs: ['GcsSettings', 'How Google Cloud Storage is reached.'],
  azure: ['AzureSettings', 'How Azure Blob Storage is reached.'],
};

/** One property of a type. */
interface Property {
  name: string;
  type: string;
  text: string;
  required: boolean;
}

/** Functions of the catalog: the type of their options, what it has, and the table. */
const CATALOG_TYPES: readonly (readonly [type: string, text: string, table: OptionTable])[] = [
  ['CatalogBackupOptionSettings', 'The options of asb backup.', catalogBackupOptions],
  ['RestoreBackupOptionSettings', 'The options of asb restore.', catalogRestoreOptions],
  ['ListOptionSettings', 'The options of asb list.', listOptions],
  ['ShowOptionSettings', 'The options of asb show.', catalogOptions],
  ['DiffOptionSettings', 'The options of asb diff, for two backups.', backupDiffOptions],
  ['ClusterDiffOptionSettings', 'The options of asb diff, for a backup and a cluster.', clusterDiffOptions],
  ['ServeOptionSettings', 'The options of asb serve.', serveOptions],
  [
    'ClusterVerifyOptionSettings',
    'The options of asb verify, for the comparison with a cluster.',
    clusterVerifyOptions,
  ],
  ['MergeOptionSettings', 'The options of asb merge.', mergeOptions],
  ['ExportOptionSettings', 'The options of asb export.', exportOptions],
  ['VerifyOptionSettings', 'The options of asb verify, but for the comparison with a cluster.', soundnessOptions],
];

export function apiSettings(tools: readonly ToolPage[]): string {
  const tables = tools.map(({ options }) => options);
  const shared = Object.entries(GROUPS).map(([group, [type, text]]) => {
    const [first = [], ...others] = tables.map((table) => groupProperties(table, group));
    const common = first.filter(({ name }) => others.every((list) => list.some((other) => other.name === name)));
    return interfaceText(type, text, common);
  });
  const own = tools.map(({ name, options }, i) => {
    const type = name === 'asbackup' ? 'BackupOptionSettings' : 'RestoreOptionSettings';
    const others = tables.filter((_table, j) => j !== i);
    return interfaceText(type, `The options of ${name}.`, toolProperties(options, others));
  });
  return [HEAD, ...shared, ...own].join('\n');
}

/** The types of the options of the catalog, which share groups with those of the tools. */
export function catalogSettings(tools: readonly ToolPage[]): string {
  const tables = tools.map(({ options }) => options);
  const types = CATALOG_TYPES.map(([type, text, table]) => interfaceText(type, text, toolProperties(table, tables)));
  const names = [...Object.values(GROUPS).map(([type]) => type), 'HostAddress'];
  const used = names.filter((name) => types.some((text) => text.includes(name))).sort();
  const head = `${NOTE}import type {\n  ${used.join(',\n  ')},\n} from '../option-settings.js';\n`;
  return [head, ...types].join('\n');
}

/** The settings of a table that are in no group, and the groups. */
function toolProperties(table: OptionTable, others: readonly OptionTable[]): Property[] {
  const properties: Property[] = [];
  for (const spec of table) {
    for (const name of apiNames(spec)) {
      const group = name.split('.')[0] ?? '';
      const type = GROUPS[group]?.[0];
      if (type === undefined) properties.push(toProperty(spec, name));
      else if (!properties.some((property) => property.name === group)) {
        properties.push({
          name: group,
          type: groupType(table, others, group, type),
          text: GROUPS[group]![1],
          required: false,
        });
      }
    }
  }
  return properties;
}

/** A tool may have more settings in a group than the others. */
function groupType(table: OptionTable, others: readonly OptionTable[], group: string, type: string): string {
  const more = groupProperties(table, group).filter(
    ({ name }) => !others.every((other) => groupProperties(other, group).some((property) => property.name === name)),
  );
  return more.length === 0 ? type : `${type} & {\n${more.map(propertyText).join('')}}`;
}

function groupProperties(table: OptionTable, group: string): Property[] {
  const properties = new Map<string, Property>();
  for (const spec of table) {
    for (const name of apiNames(spec)) {
      if (!name.startsWith(`${group}.`) || properties.has(name)) continue;
      properties.set(name, { ...toProperty(spec, name, table), name: name.slice(group.length + 1) });
    }
  }
  return [...properties.values()];
}

function toProperty(spec: OptionSpec, name: string, table: OptionTable = []): Property {
  const fallback = spec.default === undefined || spec.default === '0' ? '' : ` Default: ${spec.default}.`;
  const { api } = spec;
  const form =
    typeof api === 'object' && 'file' in api ? (api.file === name ? ' The path of a file.' : ' PEM text.') : '';
  return {
    name,
    type: settingType(spec, name, table),
    text: inApiTerms(`${spec.apiHelp ?? spec.help}${form}${fallback}`),
    required: spec.apiRequired === true,
  };
}

function settingType(spec: OptionSpec, name: string, table: OptionTable): string {
  const { value, api } = spec;
  if (typeof api === 'object' && 'equals' in api) {
    const texts = table.flatMap((other) =>
      typeof other.api === 'object' && 'equals' in other.api && other.api.name === name ? [other.api.equals] : [],
    );
    return texts.map((text) => `'${text}'`).join(' | ');
  }
  switch (value.type) {
    case 'flag':
      return 'boolean';
    case 'integer':
    case 'throttle':
    case 'mode':
      return 'number';
    case 'choice':
      return value.values.map((text) => `'${text}'`).join(' | ');
    case 'names':
    case 'namespace-sets':
    case 'sets':
    case 'nodes':
    case 'directories':
      return 'readonly string[]';
    case 'racks':
      return 'readonly number[]';
    case 'namespaces':
      return 'string | { from: string; to: string }';
    case 'hosts':
      return 'string | readonly (string | HostAddress)[]';
    case 'shard':
      return 'string | { index: number; count: number }';
    case 'digest':
    case 'base64':
      return 'Uint8Array | string';
    case 'renames':
    case 'set-renames':
      return 'Readonly<Record<string, string>>';
    case 'time':
    case 'moment':
      return 'Date | string';
    default:
      return 'string';
  }
}

/** Help texts name options as the command line does. */
function inApiTerms(text: string): string {
  return text.replace(/--([a-z][a-z0-9-]*)/g, (_all, name: string) =>
    name.replace(/-([a-z])/g, (_dash, c: string) => c.toUpperCase()),
  );
}

function interfaceText(type: string, text: string, properties: readonly Property[]): string {
  return `/** ${text} */\nexport interface ${type} {\n${properties.map(propertyText).join('')}}\n`;
}

function propertyText({ name, type, text, required }: Property): string {
  return `${comment(text)}  ${name}${required ? '' : '?'}: ${type};\n`;
}

/** On one line where it fits. */
function comment(text: string): string {
  if (text.length + '  /**  */'.length <= WIDTH) return `  /** ${text} */\n`;
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length < WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`   * ${word}`);
  }
  return `  /**\n${lines.join('\n')}\n   */\n`;
}
