import assert from 'node:assert/strict';
import { describe as group, test } from 'node:test';

import { readCarried } from '../src/carried';

const GHOST = { slug: 'ghost', name: 'Ghost', seal: 'abc' };

function noted(carried: unknown, more: Record<string, unknown> = {}) {
  return { persona: { kind: 'carried', state: 'offered', carried, ...more } };
}

group('readCarried', () => {
  test('reads what the server noted', () => {
    assert.deepEqual(readCarried(noted(GHOST)), GHOST);
  });

  test('calls one without a name by its slug', () => {
    assert.equal(readCarried(noted({ ...GHOST, name: ' ' }))?.name, 'ghost');
    assert.equal(readCarried(noted({ ...GHOST, name: 7 }))?.name, 'ghost');
  });

  const OTHERS: [string, unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a list', [1]],
    ['a reply', { persona: { kind: 'reply' } }],
    ['one that is saved', noted(GHOST, { state: 'saved' })],
    ['one that cannot be saved', noted(GHOST, { state: 'refused' })],
    ['no persona', noted(undefined)],
    ['no slug', noted({ name: 'Ghost', seal: 'a' })],
    ['a path for a slug', noted({ ...GHOST, slug: '../ghost' })],
    ['no seal', noted({ slug: 'ghost', name: 'Ghost' })],
    ['a kind that only looks inherited', Object.create(noted(GHOST))]
  ];
  for (const [what, metadata] of OTHERS) {
    test(`is undefined for ${what}`, () => {
      assert.equal(readCarried(metadata), undefined);
    });
  }
});
