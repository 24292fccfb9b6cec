import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/asb/errors.js';
import { serializeError } from '../../../src/core/errors.js';
import { deserializeInputError, InputError } from '../../../src/engine/input/errors.js';

describe('errors of worker threads', () => {
  it('keep code, sentence, hint and the place in the file', () => {
    const format = new FormatError('ASB_NUMBER', '/b/x_y.asb', { line: 7, column: 3, offset: 99 }, 'expected a digit');
    const received = deserializeInputError(serializeError(format));
    expect(received).toBeInstanceOf(FormatError);
    expect(received).toMatchObject({ code: 'ASB_NUMBER', message: format.message, line: 7, column: 3, offset: 99 });
    const other = new InputError('RESTORE_NAMESPACE', 'It is of another one', { hint: 'source-namespace' });
    expect(deserializeInputError(serializeError(other))).toMatchObject({
      code: 'RESTORE_NAMESPACE',
      message: 'It is of another one',
      hint: 'source-namespace',
    });
    expect(deserializeInputError(serializeError(new TypeError('oops')))).toMatchObject({
      code: 'INTERNAL',
      message: 'oops',
    });
  });
});
