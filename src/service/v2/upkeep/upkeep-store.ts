/** The documents of verifications and copies of a storage: one for each routine, one for all other backups. */
import { joinPath } from '../../../storage/paths.js';
import { Journal } from '../../replicas/journal.js';
import { ensureDirectory } from '../../routines/ensure-directory.js';
import { SERVICE_DIRECTORY } from '../backups/record-store.js';
import type { OpenedCatalog } from '../storages/storage-directory.js';
import { EMPTY_UPKEEP, type BackupChecks, type UpkeepDocument } from './upkeep-document.js';

const DIRECTORY = 'upkeep';
const BEATS = 'beats';
/** No routine has this name, as names are encoded. */
const OTHERS = '@others';
/** What lists show may be so old, unless this process has changed it. */
const FRESH_MS = 5000;

type Checks = ReadonlyMap<string, BackupChecks>;

export class UpkeepStore {
  private readonly known = new Map<string, { checks: Promise<Checks>; readMs: number }>();
  private beats = 0;

  constructor(
    /** Of this process. */
    readonly owner: string,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** `routine`: absent = that of backups without a routine. Throws StorageError. */
  async read(catalog: OpenedCatalog, routine: string | undefined): Promise<UpkeepDocument> {
    return readDirectory(findDirectory(catalog, routine), catalog);
  }

  /**
   * Makes a change, again if another process has made one meanwhile. `change` edits what it is given; false = there is
   * nothing to change. Returns whether it was made. Throws StorageError.
   */
  async update(
    catalog: OpenedCatalog,
    routine: string | undefined,
    change: (document: UpkeepDocument) => boolean,
  ): Promise<boolean> {
    const { name, root, backend } = catalog;
    const directory = findDirectory(catalog, routine);
    await ensureDirectory(root, directory, backend);
    const journal = new Journal(backend, directory, EMPTY_UPKEEP);
    for (;;) {
      const head = await journal.read();
      const document = structuredClone(head.state);
      if (!change(document)) return false;
      if (!(await journal.append(head, document, this.owner))) continue;
      this.known.delete(name);
      return true;
    }
  }

  /** Shows that this process works on something of the storage. Throws StorageError. */
  async writeBeat({ root, backend }: OpenedCatalog): Promise<void> {
    const directory = joinPath(findUpkeep(root), BEATS);
    await ensureDirectory(root, directory, backend);
    const text = `${JSON.stringify({ beat: ++this.beats })}\n`;
    await backend.writeSmall(joinPath(directory, `${this.owner}.json`), text, 'the sign of life');
  }

  async removeBeat({ root, backend }: OpenedCatalog): Promise<void> {
    await backend.deleteFile(joinPath(joinPath(findUpkeep(root), BEATS), `${this.owner}.json`), 'ignore');
  }

  /** Changes as long as the process works; empty = it does not. Throws StorageError. */
  async readBeat({ root, backend }: OpenedCatalog, owner: string): Promise<string> {
    const found = await backend.readVersion(joinPath(joinPath(findUpkeep(root), BEATS), `${owner}.json`));
    return found?.text ?? '';
  }

  /** What is known of each backup, by its id in the catalog. Throws StorageError. */
  readChecks(catalog: OpenedCatalog): Promise<Checks> {
    const known = this.known.get(catalog.name);
    if (known !== undefined && this.nowMs() - known.readMs < FRESH_MS) return known.checks;
    const checks = readAll(catalog);
    this.known.set(catalog.name, { checks, readMs: this.nowMs() });
    checks.catch(() => this.known.delete(catalog.name));
    return checks;
  }
}

async function readAll(catalog: OpenedCatalog): Promise<Checks> {
  const { root, backend } = catalog;
  const upkeep = findUpkeep(root);
  const all = new Map<string, BackupChecks>();
  if (backend.capabilities.hasDirectories && !(await backend.exists('directory', upkeep))) return all;
  const names = (await backend.listDirectories(upkeep)).filter((name) => name !== BEATS);
  await Promise.all(
    names.map(async (name) => {
      const { backups } = await readDirectory(joinPath(upkeep, name), catalog);
      for (const [id, checks] of Object.entries(backups)) all.set(id, checks);
    }),
  );
  return all;
}

async function readDirectory(directory: string, { backend }: OpenedCatalog): Promise<UpkeepDocument> {
  if (backend.capabilities.hasDirectories && !(await backend.exists('directory', directory))) return EMPTY_UPKEEP;
  return (await new Journal(backend, directory, EMPTY_UPKEEP).read()).state;
}

function findUpkeep(root: string): string {
  return joinPath(joinPath(root, SERVICE_DIRECTORY), DIRECTORY);
}

function findDirectory({ root }: OpenedCatalog, routine: string | undefined): string {
  return joinPath(findUpkeep(root), routine === undefined ? OTHERS : `r-${encodeURIComponent(routine)}`);
}
