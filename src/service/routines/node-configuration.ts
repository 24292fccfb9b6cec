/** The configuration of a node as text, in the form of its configuration file. */
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import { listNamespaces } from '../../aerospike/commands/namespace.js';
import type { ClusterNode } from '../../aerospike/cluster/node.js';
import { infoCommand } from '../../aerospike/protocol/info-command.js';

/** Contexts that a node has once. A node that does not know one of them refuses to tell. */
const CONTEXTS = ['service', 'logging', 'network', 'security', 'xdr'];
const REFUSED = /^(?:ERROR|FAIL)\b/i;
const INDENT = '  ';

/** One text for each node, in the order of their names. Throws ConnectionError, InfoError. */
export async function readNodeConfigurations(cluster: Cluster): Promise<string[]> {
  const nodes = [...cluster.nodes].sort((a, b) => (a.name < b.name ? -1 : 1));
  return Promise.all(nodes.map(readConfiguration));
}

async function readConfiguration(node: ClusterNode): Promise<string> {
  const sections: string[] = [`# Node ${node.name}: the configuration that it runs with.`];
  for (const context of CONTEXTS) {
    const pairs = await node.info(infoCommand('get-config', { context }));
    if (pairs !== '' && !REFUSED.test(pairs)) sections.push(renderSection(context, pairs));
  }
  for (const namespace of (await listNamespaces([node])).sort()) {
    // The name of the parameter has changed.
    let pairs = await node.info(infoCommand('get-config', { context: 'namespace', namespace }));
    if (pairs === '' || REFUSED.test(pairs)) {
      pairs = await node.info(infoCommand('get-config', { context: 'namespace', id: namespace }));
    }
    if (pairs !== '' && !REFUSED.test(pairs)) sections.push(renderSection(`namespace ${namespace}`, pairs));
  }
  return `${sections.join('\n\n')}\n`;
}

interface Setting {
  values: string[];
  /** By name, in the order of the answer. */
  below: Map<string, Setting>;
}

/** `pairs`: `name=value;a.b=value`, where a point is the way into a block. */
export function renderSection(title: string, pairs: string): string {
  const root: Setting = { values: [], below: new Map() };
  for (const pair of pairs.split(';')) {
    const end = pair.indexOf('=');
    if (end <= 0) continue;
    let setting = root;
    // Of a list, each item is a line: `file[0]`.
    for (const name of pair
      .slice(0, end)
      .replace(/\[\d+\]/g, '')
      .split('.')) {
      let below = setting.below.get(name);
      if (below === undefined) setting.below.set(name, (below = { values: [], below: new Map() }));
      setting = below;
    }
    setting.values.push(pair.slice(end + 1));
  }
  return `${title} {\n${renderBelow(root, INDENT)}}`;
}

function renderBelow({ below }: Setting, indent: string): string {
  let text = '';
  for (const [name, setting] of below) {
    const { values } = setting;
    if (setting.below.size === 0) {
      for (const value of values) text += `${indent}${name} ${value}\n`;
    } else {
      const head = [name, ...values.slice(0, 1)].join(' ');
      text += `${indent}${head} {\n${renderBelow(setting, indent + INDENT)}${indent}}\n`;
    }
  }
  return text;
}
