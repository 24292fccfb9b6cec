import fc from 'fast-check';
import { Value } from 'typebox/value';
import { expect, test } from 'vitest';
import { formatYaml, parseYaml } from '../../../src/service/config-source/yaml-text.js';
import { checkDocument } from '../../../src/service/document/check-document.js';
import { checkValue } from '../../../src/service/document/check-value.js';
import { isObject, joinPath } from '../../../src/service/document/json-schema.js';
import { ServiceDocument } from '../../../src/service/document/schema/service-document.js';
import { collectSecrets, redact, restoreSecrets } from '../../../src/service/document/secrets.js';
import { arbitraryValue, PLANTED } from './arbitrary-document.js';

const documents = arbitraryValue(ServiceDocument) as fc.Arbitrary<ServiceDocument>;
/** DOCUMENT_RUNS: more documents, by hand, with a higher --testTimeout. */
const RUNS = { numRuns: Number(process.env.DOCUMENT_RUNS ?? 150) };

test('any document that fits to the schema has no problem, and is the same after it was written and read', () => {
  fc.assert(
    fc.property(documents, (document) => {
      expect(checkValue(ServiceDocument, document, '')).toEqual([]);
      expect(Value.Check(ServiceDocument, document)).toBe(true);
      expect(parseYaml(ServiceDocument, formatYaml(document), 'test')).toEqual({ ...document });
    }),
    RUNS,
  );
});

interface Leaf {
  readonly path: string;
  replace(value: unknown): void;
}

/** Texts, numbers and flags, and what they are in. */
function listLeaves(value: unknown, path: string): Leaf[] {
  if (!isObject(value) && !Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) => {
    const place = Array.isArray(value) ? `${path}[${key}]` : joinPath(path, key);
    const own = {
      path: place,
      replace: (other: unknown) => Object.defineProperty(value, key, { value: other, enumerable: true }),
    };
    return [...(isObject(item) || Array.isArray(item) ? [] : [own]), ...listLeaves(item, place)];
  });
}

test('any single wrong value is named with its place, and no secret is', () => {
  fc.assert(
    fc.property(documents, fc.nat(), (document, n) => {
      const copy = structuredClone(document);
      const leaves = listLeaves(copy, '');
      const leaf = leaves[n % Math.max(1, leaves.length)];
      if (leaf === undefined) return;
      leaf.replace({ wrong: PLANTED });
      const problems = checkValue(ServiceDocument, copy, '');
      expect(problems).toContainEqual(expect.stringContaining(`${leaf.path}: `));
      expect(problems.join()).not.toContain(PLANTED);
      expect(Value.Check(ServiceDocument, copy)).toBe(false);
    }),
    RUNS,
  );
});

test('no secret is in any problem of a document, nor in the document as it is shown', () => {
  fc.assert(
    fc.property(documents, (document) => {
      expect(checkDocument(document).join()).not.toContain(PLANTED);
      expect(JSON.stringify(redact(ServiceDocument, document))).not.toContain(PLANTED);
    }),
    RUNS,
  );
});

test('any document as it is shown is the document again when it is sent back', () => {
  fc.assert(
    fc.property(documents, (document) => {
      const shown = redact(ServiceDocument, document);
      expect(restoreSecrets(ServiceDocument, shown, document, '')).toEqual({ value: document, problems: [] });
    }),
    RUNS,
  );
});

test('every literal secret of a document is found', () => {
  fc.assert(
    fc.property(documents, (document) => {
      const secrets = collectSecrets(ServiceDocument, document).sort((a, b) => b.length - a.length);
      const rest = secrets.reduce((text, secret) => text.replaceAll(secret, ''), JSON.stringify(document));
      expect(rest).not.toContain(PLANTED);
    }),
    RUNS,
  );
});
