import type { RestorePlan } from '../../service/v2/schema/restore-backup.js';
import { countNoun, formatBytes, formatCount } from '../format/format.js';
import { Facts } from '../parts/facts.js';
import { Icon } from '../parts/icon.js';
import { Moment } from '../parts/time.js';

const ON_EXISTING: Readonly<Record<string, string>> = {
  refuse: 'there must be none',
  merge: 'merged, where the backup is newer',
  replace: 'replaced, where the backup is newer',
  'create-only': 'left alone',
  overwrite: 'overwritten',
};

/** What a restore will do, or why it will be refused. */
export function PlanView({ plan }: { plan: RestorePlan }) {
  return (
    <div class="stack">
      {plan.refusals.map(({ code, message }) => (
        <div class="note note-bad" role="alert" key={code + message}>
          <Icon name="error" />
          <div>
            <p class="error-message">
              {message}
              <code class="error-code">{code}</code>
            </p>
            <p class="error-advice">The restore would be refused. Go back and change what is asked for.</p>
          </div>
        </div>
      ))}
      <Facts
        facts={[
          ['Writes to', plan.cluster ?? 'the cluster that was backed up'],
          ['Records that exist', ON_EXISTING[plan['on-existing']] ?? plan['on-existing']],
          ['State at', plan.time === undefined ? undefined : <Moment time={plan.time} />],
          [
            'Reads',
            `${plan.records === undefined ? '' : `${countNoun(plan.records, 'record')}, `}${formatBytes(plan.bytes)}`,
          ],
        ]}
      />
      {plan.namespaces.map((namespace) => (
        <section class="plan-namespace" key={namespace.namespace}>
          <h3>
            {namespace.namespace}
            {namespace.target !== namespace.namespace && (
              <>
                {' '}
                <span aria-label="into">→</span> {namespace.target}
              </>
            )}
          </h3>
          <p class="muted">
            {namespace['as-of'] !== undefined && (
              <>
                As of <Moment time={namespace['as-of']} />.{' '}
              </>
            )}
            {namespace['existing-records'] !== undefined &&
              (namespace['existing-records'] === 0
                ? 'The target is empty. '
                : `The target has ${countNoun(namespace['existing-records'], 'record')} now. `)}
            {namespace.sets !== undefined && `Only the sets ${namespace.sets.join(', ')}. `}
            {namespace['excluded-sets'] !== undefined && `Without the sets ${namespace['excluded-sets'].join(', ')}. `}
            {Object.entries(namespace['renamed-sets'] ?? {})
              .map(([from, to]) => `Set ${from} becomes ${to}. `)
              .join('')}
          </p>
          <div class="table-frame">
            <table class="table">
              <caption class="hidden-text">Backups that are read for {namespace.namespace}, in this order</caption>
              <thead>
                <tr>
                  <th scope="col">Backup, in this order</th>
                  <th scope="col">Type</th>
                  <th scope="col">Begun</th>
                  <th scope="col" class="align-right">
                    Records
                  </th>
                  <th scope="col" class="align-right">
                    Size
                  </th>
                </tr>
              </thead>
              <tbody>
                {namespace.backups.map((backup) => (
                  <tr key={backup.id}>
                    <td class="break">{backup.id}</td>
                    <td>{backup.type ?? '–'}</td>
                    <td>
                      <Moment time={backup.created} />
                    </td>
                    <td class="align-right number">
                      {backup.records === undefined ? '–' : formatCount(backup.records)}
                    </td>
                    <td class="align-right number">{formatBytes(backup.bytes)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      ))}
      {plan.later.length > 0 && (
        <div class="note">
          <Icon name="warning" />
          <div>Not restored, because their first backup is later: {plan.later.join(', ')}.</div>
        </div>
      )}
      {!plan['captures-deletes'] && plan.namespaces.some(({ backups }) => backups.length > 1) && (
        <div class="note">
          <Icon name="warning" />
          <div>Records that were deleted between these backups come back: increments do not know deletions.</div>
        </div>
      )}
    </div>
  );
}
