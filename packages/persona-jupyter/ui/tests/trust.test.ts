import assert from 'node:assert/strict';
import { describe as group, test } from 'node:test';

import { readTrust } from '../src/trust';

const ADA = { slug: 'ada', name: 'Ada', seal: 'abc', choices: ['version', 'project', 'later'] };

function noted(trust: unknown, more: Record<string, unknown> = {}) {
  return { persona: { kind: 'trust', state: 'asked', trust, ...more } };
}

group('readTrust', () => {
  test('reads what the server noted', () => {
    assert.deepEqual(readTrust(noted(ADA)), ADA);
  });

  test('offers only what can be decided, in the order of the buttons', () => {
    const choices = ['later', 'evil', 'project'];
    assert.deepEqual(readTrust(noted({ ...ADA, choices }))?.choices, ['project', 'later']);
  });

  const OTHERS: [string, unknown][] = [
    ['nothing', undefined],
    ['a reply', { persona: { kind: 'reply' } }],
    ['one that is decided', noted(ADA, { state: 'trusted' })],
    ['one that was put off', noted(ADA, { state: 'later' })],
    ['a path for a slug', noted({ ...ADA, slug: '../ada' })],
    ['no seal', noted({ ...ADA, seal: undefined })],
    ['no choices', noted({ ...ADA, choices: 'version' })],
    ['a kind that only looks inherited', Object.create(noted(ADA))]
  ];
  for (const [what, metadata] of OTHERS) {
    test(`is undefined for ${what}`, () => {
      assert.equal(readTrust(metadata), undefined);
    });
  }
});
