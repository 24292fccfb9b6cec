/** The configuration of the service, without its secrets. */
import { readConfig } from '../api/operations.js';
import { countNoun } from '../format/format.js';
import { EmptyState, Loaded } from '../parts/states.js';
import { View } from '../parts/view.js';
import { useResource } from '../state/resource.js';

/** In this order; whatever else there is follows. Those with `isMap` have an entity by each name. */
const SECTIONS = [
  { key: 'backup-routines', title: 'Routines', isMap: true },
  { key: 'aerospike-clusters', title: 'Clusters', isMap: true },
  { key: 'storage', title: 'Storages', isMap: true },
  { key: 'backup-policies', title: 'Policies', isMap: true },
  { key: 'secret-agents', title: 'Secret agents', isMap: true },
  { key: 'service', title: 'Service', isMap: false },
];

export function ConfigurationView() {
  const config = useResource('config', readConfig, ['configuration']);
  return (
    <View
      title="Configuration"
      subtitle="As the service uses it now. Secrets are not shown; changes are made in its file or with the API."
    >
      <Loaded of={config}>
        {(document) => {
          const known = SECTIONS.filter(({ key }) => key in document);
          const others = Object.keys(document)
            .filter((key) => !SECTIONS.some((section) => section.key === key))
            .map((key) => ({ key, title: key, isMap: false }));
          const all = [...known, ...others];
          if (all.length === 0) return <EmptyState title="The configuration is empty" />;
          return (
            <div class="stack">
              {all.map(({ key, title, isMap }) => (
                <ConfigSection key={key} title={title} value={document[key]} isMap={isMap} />
              ))}
            </div>
          );
        }}
      </Loaded>
    </View>
  );
}

function ConfigSection({ title, value, isMap }: { title: string; value: unknown; isMap: boolean }) {
  const entities = isMap && isObject(value) ? Object.entries(value) : undefined;
  return (
    <section class="panel">
      <h2>
        {title}
        {entities !== undefined && <span class="count">{countNoun(entities.length, 'entry', 'entries')}</span>}
      </h2>
      {entities === undefined ? (
        <ConfigTree value={value} />
      ) : (
        entities.map(([name, entity]) => (
          <details key={name} class="more" open={entities.length <= 3}>
            <summary class="break">{name}</summary>
            <ConfigTree value={entity} />
          </details>
        ))
      )}
    </section>
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function ConfigTree({ value }: { value: unknown }) {
  if (Array.isArray(value)) {
    if (value.length === 0) return <span class="muted">empty: all</span>;
    if (value.every((item) => !isObject(item))) return <span class="break">{value.map(String).join(', ')}</span>;
    return (
      <ol class="tree-list">
        {value.map((item: unknown, index) => (
          <li key={index}>
            <ConfigTree value={item} />
          </li>
        ))}
      </ol>
    );
  }
  if (!isObject(value)) return <ConfigValue value={value} />;
  const entries = Object.entries(value);
  if (entries.length === 0) return <span class="muted">defaults</span>;
  return (
    <dl class="tree">
      {entries.map(([key, child]) => (
        <div key={key} class={isObject(child) || (Array.isArray(child) && child.some(isObject)) ? 'tree-nested' : ''}>
          <dt>{key}</dt>
          <dd>
            <ConfigTree value={child} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function ConfigValue({ value }: { value: unknown }) {
  if (value === '[secret]') return <span class="secret">secret</span>;
  if (typeof value === 'boolean') return <>{value ? 'yes' : 'no'}</>;
  return <span class="break">{String(value)}</span>;
}
