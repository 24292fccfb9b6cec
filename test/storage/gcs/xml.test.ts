import { describe, expect, it } from 'vitest';
import { escapeXml, readElements, readText } from '../../../src/storage/gcs/xml.js';

it('a text that was escaped is read as it was', () => {
  const text = `a&b<c>"d"'e' ä`;
  expect(readText(`<Key>${escapeXml(text)}</Key>`, 'Key')).toBe(text);
});

it('elements are told apart, also with attributes and beside longer names', () => {
  const xml = '<Parts n="1"><Part><N>1</N></Part><Part><N>2</N></Part></Parts>';
  expect(readElements(xml, 'Part').map((part) => readText(part, 'N'))).toEqual(['1', '2']);
  expect(readText(xml, 'Q')).toBeUndefined();
  expect(readText('<K>&quot;e&#x41;&#65;&quot;&unknown;</K>', 'K')).toBe('"eAA"&unknown;');
});

describe('a document without ends of elements', () => {
  it('takes time in proportion to its length', () => {
    const text = '<Part>'.repeat(1_000_000);
    const started = process.cpuUsage();
    expect(readElements(text, 'Part')).toEqual([]);
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(2000);
  });
});
