import { describe, expect, it } from 'vitest';
import { toFoundBackup, type FoundBackup } from '../../../src/service/backups/find-backups.js';
import { chooseChains } from '../../../src/service/restore/choose-backups.js';

/** `created` and `from` are minutes. */
function backup(created: number, from?: number, namespace = 'test'): FoundBackup {
  const time = (minute: number): string => new Date(Date.UTC(2026, 4, 2, 1, minute)).toISOString();
  return toFoundBackup(`/${created}`, `k${created}`, `/${created}`, {
    namespace,
    created: time(created),
    ...(from === undefined ? {} : { from: time(from) }),
    records: 1,
    bytes: 1,
    files: 1,
    sindexes: 0,
    udfs: 0,
    compressed: false,
  });
}

function choose(fulls: FoundBackup[], incrementals: FoundBackup[]): Record<string, string[]> {
  const chains = chooseChains(fulls, incrementals);
  return Object.fromEntries(chains.map(({ namespace, backups }) => [namespace, backups.map(({ key }) => key)]));
}

describe('choice of backups', () => {
  it('several full backups, the newest of each namespace counts', () => {
    const fulls = [backup(0), backup(10), backup(0, undefined, 'bar')];
    expect(choose(fulls, [])).toEqual({ test: ['k10'], bar: ['k0'] });
  });

  it('differential backups, all after the full one are kept in their order', () => {
    const incrementals = [backup(30, 20), backup(20, 10), backup(5, 0), backup(20, 10, 'bar'), backup(10, 5)];
    expect(choose([backup(10)], incrementals)).toEqual({ test: ['k10', 'k20', 'k30'] });
  });

  it('cumulative backups, only the newest is kept', () => {
    expect(choose([backup(0)], [backup(10, 0), backup(20, 0), backup(30, 0)])).toEqual({ test: ['k0', 'k30'] });
  });

  it('change from cumulative to differential, keeps what no later one has', () => {
    const incrementals = [backup(10, 0), backup(20, 0), backup(30, 20), backup(40, 30)];
    expect(choose([backup(0)], incrementals)).toEqual({ test: ['k0', 'k20', 'k30', 'k40'] });
  });

  it('change from differential to cumulative, drops what the later one has', () => {
    expect(choose([backup(0)], [backup(10, 0), backup(20, 10), backup(30, 0)])).toEqual({ test: ['k0', 'k30'] });
  });
});
