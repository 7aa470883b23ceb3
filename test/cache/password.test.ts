import { describe, expect, it } from 'vitest';
import { checkPassword, passwordFrom, WeakPasswordError } from '../../cache/password.js';

describe('checkPassword', () => {
  it.each([
    ['short', 'aB3$xyz9Lq1', /fewer than 12 characters/],
    ['short in characters, long in bytes', 'äöüßéèêñçøå', /fewer than 12 characters/],
    ['short once composed', `${'a\u0308'.repeat(6)}bcde`, /fewer than 12 characters/],
    ['of few characters', 'abcdabcdabcddcba', /fewer than 5 different/],
    ['common', 'passwordpassword', /common/],
    ['common in capitals', 'PasswordPassword', /common/],
    ['of digits in order', '123456789012', /common/],
    ['a repetition', 'xK9f!xK9f!xK9f!', /repeats/],
    ['a repetition that is cut', 'xK9f!xK9f!xK9', /repeats/],
    ['a rising sequence', 'abcdefghijklm', /sequence/],
    ['a falling sequence', 'zyxwvutsrqponm', /sequence/],
  ])('refuses one that is %s', (_what, password, why) => {
    expect(() => checkPassword(password)).toThrow(why);
    expect(() => checkPassword(password)).toThrow(
      expect.objectContaining({ code: 'WEAK_PASSWORD' }),
    );
  });

  it.each(['kv7Qz!mmR2pk', 'five random words are enough', 'дюжина случайных букв'])(
    'accepts %s',
    (password) => expect(() => checkPassword(password)).not.toThrow(),
  );

  it('does not repeat the password in its message', () => {
    const error = new WeakPasswordError('reason');
    for (const password of ['passwordpassword', 'xK9f!xK9f!xK9f!']) {
      try {
        checkPassword(password);
        expect.unreachable();
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(WeakPasswordError);
        expect(`${thrown} ${JSON.stringify(thrown)} ${error.hint}`).not.toContain(password);
      }
    }
  });
});

describe('passwordFrom', () => {
  it('takes an empty one for none', () => {
    expect(passwordFrom({})).toBeUndefined();
    expect(passwordFrom({ S3_LOG_EXTRACTION_PASSWORD: '' })).toBeUndefined();
    expect(passwordFrom({ S3_LOG_EXTRACTION_PASSWORD: ' x' })).toBe(' x');
  });
});
