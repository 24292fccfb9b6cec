/** What docs/guide/service.md promises of metrics, compared with those of the service. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ServiceMetrics } from '../../../src/service/metrics/metrics.js';

interface Rules {
  groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[];
}

const page = readFileSync('docs/guide/service.md', 'utf8');
const { groups } = parse(/```yaml\n(groups:\n[\s\S]*?)```/.exec(page)![1]!) as Rules;
const rules = groups.flatMap((group) => group.rules);

async function createText(): Promise<string> {
  const metrics = new ServiceMetrics();
  metrics.countEvent('nightly', 'full', 'failure');
  metrics.setActive('nightly', 'full', true);
  metrics.setProgress('nightly', 'full', 10);
  metrics.setLastSuccess('nightly', 'full', 1);
  return metrics.text();
}

describe('alert rules of the guide', () => {
  it('are there', () => expect(rules.length).toBeGreaterThan(3));

  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s, has metrics and labels that the service exports',
    async (_name, { expr, annotations }) => {
      const text = await createText();
      const names = [...expr.matchAll(/aerospike_backup_service_\w+/g)].map(([name]) => name);
      expect(names).not.toEqual([]);
      const labels = [...expr.matchAll(/(\w+)="/g), ...annotations.summary.matchAll(/\$labels\.(\w+)/g)];
      for (const name of names) {
        const series = text.split('\n').find((line) => line.startsWith(`${name}{`));
        expect(series, name).toBeDefined();
        for (const [, label] of labels) expect(series, name).toContain(`${label}="`);
      }
      expect(expr.split('(').length).toBe(expr.split(')').length);
    },
  );
});
