import { describe, expect, it } from 'vitest';
import { GcsFault, isTransient } from '../../../src/storage/gcs/errors.js';
import { Tokens } from '../../../src/storage/gcs/token.js';

const FAULT = new GcsFault(401, 'authError', 'Invalid Credentials');

function createTokens() {
  let number = 1;
  const source = {
    get: () => Promise.resolve(`token ${number}`),
    forget: () => {
      number++;
      return Promise.resolve();
    },
  };
  return new Tokens(source);
}

/** Whether the request is made again. */
async function refuse(tokens: Tokens, token: string): Promise<boolean> {
  const error: unknown = await tokens.refuse(token, FAULT).catch((fault: unknown) => fault);
  expect(error).toMatchObject({ status: 401, message: FAULT.message });
  return isTransient(error);
}

describe('Tokens', () => {
  it('a token that is refused before its time, is replaced, also for requests that were under way with it', async () => {
    const tokens = createTokens();
    tokens.accept(await tokens.get());
    expect(await refuse(tokens, 'token 1')).toBe(true);
    expect(await refuse(tokens, 'token 1')).toBe(true);
    expect(await tokens.get()).not.toBe('token 1');
  });

  it('a second token that is refused, is the last: the credentials are wrong', async () => {
    const tokens = createTokens();
    expect(await refuse(tokens, await tokens.get())).toBe(true);
    expect(await refuse(tokens, await tokens.get())).toBe(false);
  });

  it('a token that is refused after another was accepted, is replaced again', async () => {
    const tokens = createTokens();
    expect(await refuse(tokens, await tokens.get())).toBe(true);
    const second = await tokens.get();
    tokens.accept(second);
    expect(await refuse(tokens, second)).toBe(true);
  });
});
