import { beforeEach, describe, expect, it } from 'vitest';
import { MAX_CLIENTS, RateLimiter } from '../../../src/service/http/rate-limiter.js';

let nowMs: number;
const clock = (): number => nowMs;

beforeEach(() => {
  nowMs = 1000;
});

function countAdmitted(limiter: RateLimiter, address: string, requests: number): number {
  return Array.from({ length: requests }, () => limiter.admit(address)).filter(Boolean).length;
}

describe('rate limiter', () => {
  it('admits a burst of the size, and then as many as the rate gives, for each address of its own', () => {
    const limiter = new RateLimiter({ tps: 10, size: 5 }, clock);
    expect(countAdmitted(limiter, '10.0.0.1', 9)).toBe(5);
    expect(countAdmitted(limiter, '10.0.0.2', 9)).toBe(5);
    nowMs += 250;
    expect(countAdmitted(limiter, '10.0.0.1', 9)).toBe(2);
    nowMs += 3_600_000;
    expect(countAdmitted(limiter, '10.0.0.1', 9)).toBe(5);
  });

  it('without settings admits 1024 at once', () => {
    const limiter = new RateLimiter(undefined, clock);
    expect(countAdmitted(limiter, '10.0.0.1', 2000)).toBe(1024);
  });

  it('takes nothing from a client whose clock went back', () => {
    const limiter = new RateLimiter({ tps: 10, size: 5 }, clock);
    limiter.admit('10.0.0.1');
    nowMs -= 500;
    expect(countAdmitted(limiter, '10.0.0.1', 9)).toBe(4);
  });

  it('does not limit addresses and networks of the white list', () => {
    const limiter = new RateLimiter(
      { tps: 1, size: 1, 'white-list': ['10.0.0.7', '192.168.0.0/16', 'fd00::/8'] },
      clock,
    );
    for (const address of ['10.0.0.7', '192.168.3.4', '::ffff:192.168.3.4', 'fd12::1']) {
      expect([address, countAdmitted(limiter, address, 9)]).toEqual([address, 9]);
    }
    for (const address of ['10.0.0.8', '192.169.0.1', 'fe80::1', '']) {
      expect([address, countAdmitted(limiter, address, 9)]).toEqual([address, 1]);
    }
    expect(limiter.clients).toBe(4);
  });

  for (const network of ['0.0.0.0/0', '::/0']) {
    it(`with ${network} in the white list limits nobody`, () => {
      const limiter = new RateLimiter({ tps: 1, size: 1, 'white-list': [network] }, clock);
      expect(countAdmitted(limiter, '10.0.0.1', 9)).toBe(9);
      expect(countAdmitted(limiter, 'fe80::1', 9)).toBe(9);
    });
  }

  it('ignores entries of the white list that are no address', () => {
    const limiter = new RateLimiter({ size: 1, 'white-list': ['localhost', '10.0.0.1/33', '10.0.0.1/x', ''] }, clock);
    expect(countAdmitted(limiter, '10.0.0.1', 9)).toBe(1);
  });

  it('counts the addresses of one IPv6 network as one client, and an IPv4 address in either form', () => {
    const limiter = new RateLimiter({ tps: 1, size: 4 }, clock);
    const network = ['2001:db8:1:2::1', '2001:db8:1:2:ffff::', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::%eth0'];
    for (const address of network) limiter.admit(address);
    expect(limiter.admit('2001:db8:1:2::9')).toBe(false);
    expect(limiter.admit('2001:db8:1:3::1')).toBe(true);
    expect(countAdmitted(limiter, '10.0.0.1', 3) + countAdmitted(limiter, '::ffff:10.0.0.1', 3)).toBe(4);
  });

  it('does not take the memory of the service however many addresses ask (BKRS-417)', () => {
    const limiter = new RateLimiter({ tps: 1, size: 2 }, clock);
    for (let i = 0; i < 100_000; i++) {
      nowMs += 0.01;
      limiter.admit(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    }
    expect(limiter.clients).toBe(MAX_CLIENTS);
  });

  it('at its bound forgets who has been quiet for longest, and not who is being limited', () => {
    const limiter = new RateLimiter({ tps: 0.001, size: 1 }, clock, 3);
    expect(limiter.admit('10.0.0.1')).toBe(true);
    for (let i = 2; i < 50; i++) {
      limiter.admit(`10.0.0.${i}`);
      expect(limiter.admit('10.0.0.1')).toBe(false);
    }
    expect(limiter.clients).toBe(3);
  });
});
