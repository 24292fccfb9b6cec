import { describe, expect, it } from 'vitest';
import { FrameSizer } from '../../../src/engine/restore/frame-sizer.js';

describe('FrameSizer', () => {
  it('gives frames more rows while answers come quickly', () => {
    const sizer = new FrameSizer(128, 2048, 10_000);
    const sizes = [10, 12, 40, 40].map((durationMs) => {
      sizer.recordAnswer(sizer.rows, durationMs, false);
      return sizer.rows;
    });
    expect(sizes).toEqual([1024, 2048, 2048, 2048]);
  });

  it('takes a distance that every answer has for no sign of a busy server', () => {
    const sizer = new FrameSizer(128, 2048, 10_000);
    for (let i = 0; i < 3; i++) sizer.recordAnswer(sizer.rows, 800 + i, false);
    expect(sizer.rows).toBe(2048);
  });

  it('keeps the size between quick and slow answers, and for frames that were not full', () => {
    const sizer = new FrameSizer(128, 2048, 10_000);
    sizer.recordAnswer(3, 10, false);
    sizer.recordAnswer(512, 200, false);
    expect(sizer.rows).toBe(512);
  });

  it('halves frames after slow answers, down to the least size', () => {
    const sizer = new FrameSizer(128, 2048, 10_000);
    sizer.recordAnswer(1, 10, false);
    const sizes = [600, 600, 600].map((durationMs) => {
      sizer.recordAnswer(sizer.rows, durationMs, false);
      return sizer.rows;
    });
    expect(sizes).toEqual([256, 128, 128]);
  });

  it('halves once for all frames that were under way together', () => {
    const sizer = new FrameSizer(128, 2048, 10_000);
    sizer.recordAnswer(1, 10, false);
    for (let i = 0; i < 8; i++) sizer.recordAnswer(512, 600, false);
    expect(sizer.rows).toBe(256);
  });

  it('halves frames when the server is overloaded, however quickly it says so', () => {
    const sizer = new FrameSizer(128, 2048, 0);
    sizer.recordAnswer(512, 5, true);
    expect(sizer.rows).toBe(256);
  });

  it('calls an answer slow that takes a quarter of the time it may take', () => {
    const sizer = new FrameSizer(16, 2048, 400);
    sizer.recordAnswer(1, 10, false);
    sizer.recordAnswer(512, 111, false);
    expect(sizer.rows).toBe(256);
  });

  it('keeps to a size that was asked for', () => {
    const sizer = new FrameSizer(700, 700, 1000);
    sizer.recordAnswer(700, 1, false);
    sizer.recordAnswer(700, 900, true);
    expect(sizer.rows).toBe(700);
  });
});
