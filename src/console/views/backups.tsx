/** The backups of a storage: all are read page by page, and searched and filtered here. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Backup } from '../../service/v2/schema/backup.js';
import { CreateDialog } from '../actions/create-dialog.js';
import { listBackups, listStorages } from '../api/operations.js';
import { filterBackups } from '../list/filter-backups.js';
import { VirtualList } from '../list/virtual-list.js';
import { countNoun, formatBytes, formatCount, formatNames } from '../format/format.js';
import { StateBadge } from '../parts/badge.js';
import { Button } from '../parts/button.js';
import { SelectField, TextField } from '../parts/field.js';
import { Icon } from '../parts/icon.js';
import { ErrorNote, EmptyState, ErrorState, Loaded, Waiting } from '../parts/states.js';
import { Moment } from '../parts/time.js';
import { View } from '../parts/view.js';
import { formatRoute } from '../routes.js';
import { progressByKey, revisions, touch } from '../state/connection.js';
import { goTo, replaceQuery, route } from '../state/location.js';
import { useMedia } from '../state/media.js';
import { useResource } from '../state/resource.js';
import { allows, explainScope } from '../state/session.js';
import { showToast } from '../state/toasts.js';

const PAGE = 1000;
const ROW_HEIGHT = 48;
const NARROW_ROW_HEIGHT = 78;
const STATES = ['STARTED', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELED', 'INCOMPLETE', 'DELETED'];
const STATE_TEXTS: Readonly<Record<string, string>> = {
  STARTED: 'Started',
  IN_PROGRESS: 'In progress',
  COMPLETED: 'Complete',
  FAILED: 'Failed',
  CANCELED: 'Canceled',
  INCOMPLETE: 'Incomplete',
  DELETED: 'Deleted',
};

export function BackupsView() {
  const storages = useResource('storages', listStorages, ['configuration']);
  const [isCreating, setIsCreating] = useState(false);
  const names = (storages.data ?? []).map(({ name }) => name);
  const storage = route.value.query.storage ?? names[0];
  return (
    <View
      title="Backups"
      subtitle="Every backup of a storage, whoever made it."
      actions={
        <Button
          kind="primary"
          disabled={storage === undefined || !allows('backup')}
          title={explainScope('backup')}
          onClick={() => setIsCreating(true)}
        >
          Back up now
        </Button>
      }
    >
      <Loaded of={storages}>
        {(list) =>
          list.length === 0 || storage === undefined ? (
            <EmptyState title="No storage is configured">
              <p>
                Add one to <code>storage</code> of the configuration, or set variables such as{' '}
                <code>BACKUP_S3_BUCKET</code>.
              </p>
            </EmptyState>
          ) : (
            <BackupList storage={storage} storages={names} />
          )
        }
      </Loaded>
      {isCreating && storage !== undefined && (
        <CreateDialog
          storages={names}
          storage={storage}
          onClose={() => setIsCreating(false)}
          onDone={(backup) => {
            setIsCreating(false);
            showToast('success', `Backup ${backup.id} has started`);
            touch(['backups']);
            goTo('backups', [backup.storage, backup.id]);
          }}
        />
      )}
    </View>
  );
}

interface Listing {
  readonly backups: readonly Backup[];
  readonly total: number | undefined;
  readonly error: Error | undefined;
  readonly isComplete: boolean;
}

const NOTHING: Listing = { backups: [], total: undefined, error: undefined, isComplete: false };

/** All pages, one after the other; what was shown stays until as much of the newer answer is there. */
function useBackups(storage: string, withDeleted: boolean): Listing & { reload: () => void } {
  const key = `${storage} ${withDeleted}`;
  const [state, setState] = useState<Listing & { key: string }>({ ...NOTHING, key });
  const [attempt, setAttempt] = useState(0);
  const revision = revisions.backups.value;
  useEffect(() => {
    const aborter = new AbortController();
    const { signal } = aborter;
    const states = withDeleted ? STATES : undefined;
    const read = async (): Promise<void> => {
      let backups: Backup[] = [];
      let after: string | undefined;
      do {
        const page = await listBackups(storage, { states, limit: PAGE, after }, signal);
        backups = backups.concat(page.backups);
        after = page.next;
        const { total } = page;
        const isComplete = after === undefined;
        setState((before) =>
          before.key === key && before.backups.length > backups.length && !isComplete
            ? { ...before, error: undefined }
            : { key, backups, total, error: undefined, isComplete },
        );
      } while (after !== undefined && !signal.aborted);
    };
    setState((before) => (before.key === key ? before : { ...NOTHING, key }));
    read().catch((error: unknown) => {
      if (!signal.aborted) setState((before) => ({ ...before, error: error as Error }));
    });
    return () => aborter.abort();
  }, [key, attempt, revision]);
  return { ...(state.key === key ? state : NOTHING), reload: () => setAttempt((before) => before + 1) };
}

function BackupList({ storage, storages }: { storage: string; storages: readonly string[] }) {
  const { query } = route.value;
  const { backups, total, error, isComplete, reload } = useBackups(storage, query.state === 'DELETED');
  const shown = useMemo(() => filterBackups(backups, query), [backups, query]);
  const routines = useMemo(
    () => [...new Set(backups.flatMap(({ routine }) => (routine === undefined ? [] : [routine])))].sort(),
    [backups],
  );
  const isNarrow = useMedia('(max-width: 719px)');
  const set = (change: Record<string, string | undefined>): void => replaceQuery({ ...query, ...change });
  const isFiltered = ['q', 'state', 'type', 'routine', 'held'].some((name) => query[name] !== undefined);
  const search = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const focusSearch = (event: KeyboardEvent): void => {
      if (event.key !== '/' || /^(INPUT|SELECT|TEXTAREA)$/.test((event.target as HTMLElement).tagName)) return;
      event.preventDefault();
      search.current?.querySelector('input')?.focus();
    };
    addEventListener('keydown', focusSearch);
    return () => removeEventListener('keydown', focusSearch);
  }, []);

  return (
    <div class="stack stack-fill">
      <div class="filters" role="search" aria-label="Backups" ref={search}>
        <TextField
          label="Search"
          type="search"
          placeholder="Id, namespace, routine"
          value={query.q ?? ''}
          onInput={(q) => set({ q })}
        />
        <SelectField
          label="Storage"
          value={storage}
          choices={storages.map((name) => ({ value: name, text: name }))}
          onChange={(name) => set({ storage: name })}
        />
        <SelectField
          label="State"
          value={query.state ?? ''}
          choices={[
            { value: '', text: 'All but deleted' },
            ...STATES.map((value) => ({ value, text: STATE_TEXTS[value]! })),
          ]}
          onChange={(state) => set({ state })}
        />
        <SelectField
          label="Type"
          value={query.type ?? ''}
          choices={[
            { value: '', text: 'All' },
            { value: 'FULL', text: 'Full' },
            { value: 'DIFFERENTIAL', text: 'Differential' },
            { value: 'CUMULATIVE', text: 'Cumulative' },
            { value: 'MARKER', text: 'Marker' },
          ]}
          onChange={(type) => set({ type })}
        />
        {(routines.length > 0 || query.routine !== undefined) && (
          <SelectField
            label="Routine"
            value={query.routine ?? ''}
            choices={[
              { value: '', text: 'All' },
              ...[...new Set([...routines, ...(query.routine === undefined ? [] : [query.routine])])].map((value) => ({
                value,
                text: value,
              })),
            ]}
            onChange={(routine) => set({ routine })}
          />
        )}
      </div>
      <p class="list-count" role="status">
        {countText(shown.length, backups.length, total, isComplete)}
        {isFiltered && (
          <Button kind="quiet" isSmall onClick={() => replaceQuery({ storage: query.storage })}>
            Clear the filters
          </Button>
        )}
      </p>
      {backups.length > 0 && <ErrorNote error={error} />}
      {shown.length > 0 ? (
        <VirtualList
          items={shown}
          rowHeight={isNarrow ? NARROW_ROW_HEIGHT : ROW_HEIGHT}
          label={`Backups of ${storage}`}
          header={<HeaderCells />}
          getKey={({ routine, id }) => `${routine ?? ''}/${id}`}
          renderRow={(backup) => <RowCells backup={backup} />}
        />
      ) : backups.length === 0 && error !== undefined ? (
        <ErrorState error={error} onRetry={reload} />
      ) : !isComplete ? (
        <Waiting rows={8} />
      ) : isFiltered ? (
        <EmptyState title="No backup matches">
          <p>Change or clear the filters.</p>
        </EmptyState>
      ) : (
        <EmptyState title="There is no backup yet">
          <p>
            Choose “Back up now”, or run a routine under <a href={formatRoute('routines')}>Routines</a>.
          </p>
        </EmptyState>
      )}
    </div>
  );
}

function countText(shown: number, loaded: number, total: number | undefined, isComplete: boolean): string {
  if (total === undefined) return 'Reading the list';
  if (!isComplete) return `${formatCount(loaded)} of ${formatCount(total)} read`;
  return shown === loaded ? countNoun(total, 'backup') : `${formatCount(shown)} of ${countNoun(loaded, 'backup')}`;
}

function HeaderCells() {
  return (
    <>
      {['Id', 'State', 'Type', 'Namespaces', 'Begun'].map((name) => (
        <span role="columnheader" key={name}>
          {name}
        </span>
      ))}
      <span role="columnheader" class="align-right">
        Records
      </span>
      <span role="columnheader" class="align-right">
        Size
      </span>
    </>
  );
}

const TYPE_TEXTS: Readonly<Record<string, string>> = {
  FULL: 'Full',
  DIFFERENTIAL: 'Differential',
  CUMULATIVE: 'Cumulative',
  MARKER: 'Marker',
};

function RowCells({ backup }: { backup: Backup }) {
  const { id, storage, routine, state, type, namespaces, created, records, bytes, held } = backup;
  const percent = progressByKey.value.get(`backup:${storage}/${id}`)?.percent ?? backup.progress;
  const isRunning = state === 'STARTED' || state === 'IN_PROGRESS';
  return (
    <>
      <span role="cell" class="cell-id">
        <a href={formatRoute('backups', [storage, id], { routine })}>{id}</a>
        {held && (
          <span class="held" title={`Held${backup['hold-reason'] === undefined ? '' : `: ${backup['hold-reason']}`}`}>
            <Icon name="lock" size={14} />
            <span class="hidden-text">held</span>
          </span>
        )}
        {routine !== undefined && <span class="cell-note">{routine}</span>}
      </span>
      <span role="cell" class="cell-state">
        <StateBadge state={state} />
        {isRunning && percent !== undefined && <span class="cell-note">{percent} %</span>}
      </span>
      <span role="cell" class="cell-type">
        {type === undefined ? '–' : (TYPE_TEXTS[type] ?? type)}
      </span>
      <span role="cell" class="cell-namespaces">
        {formatNames(namespaces)}
      </span>
      <span role="cell" class="cell-time">
        <Moment time={created} />
      </span>
      <span role="cell" class="cell-records align-right number">
        {records === undefined ? '–' : formatCount(records)}
      </span>
      <span role="cell" class="cell-size align-right number">
        {formatBytes(bytes)}
      </span>
    </>
  );
}
