import { describe, expect, it } from 'vitest';
import { SampleAccumulator } from '../../../../src/engine/backup/estimate/accumulator.js';
import { Codecs, type CodecConfig } from '../../../../src/codecs/codecs.js';

const HEADER = Buffer.from('Version 3.1\n# namespace n\n');

async function measured(options: CodecConfig | undefined): Promise<SampleAccumulator> {
  const meter = new SampleAccumulator(HEADER, await Codecs.open(options));
  for (let i = 0; i < 3; i++) {
    const text = Buffer.from('the same again and again '.repeat(400));
    meter.record(text.length);
    await meter.text(text);
  }
  await meter.finish();
  return meter;
}

describe('the size of samples', () => {
  it('is that of the text without compression', async () => {
    const meter = await measured(undefined);
    expect(meter.textBytes).toBe(HEADER.length + 30_000);
    expect(meter.storedBytes).toBe(meter.textBytes);
    expect(meter.ratio).toBe(1);
    expect(meter.estimateSize(10)).toBe(HEADER.length + 100_000);
  });

  it('is smaller with compression', async () => {
    const meter = await measured({ compression: { codec: 'zstd', level: 0 } });
    expect(meter.storedBytes).toBeGreaterThan(0);
    expect(meter.ratio).toBeLessThan(0.05);
    expect(meter.estimateSize(10)).toBe(HEADER.length + Math.ceil(100_000 * meter.ratio));
  });

  it('has the head of the encryption once, however many records there are', async () => {
    const meter = await measured({
      encryption: { mode: 'aes128', key: { digest: Buffer.alloc(32), description: 'a key', alternateKeys: [] } },
    });
    expect(meter.storedBytes).toBe(meter.textBytes + 16);
    expect(meter.estimateSize(10)).toBe(HEADER.length + 16 + 100_000);
  });
});
