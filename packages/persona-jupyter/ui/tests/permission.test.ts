import assert from 'node:assert/strict';
import { describe as group, test } from 'node:test';

import { allows, readPermission } from '../src/permission';

const OPTIONS = [
  { id: 'y', name: 'Yes', kind: 'allow_once' },
  { id: 'n', name: '', kind: 'reject_once' }
];

function noted(permission: unknown, more: Record<string, unknown> = {}) {
  return { persona: { kind: 'permission', state: 'waiting', permission, ...more } };
}

group('readPermission', () => {
  test('reads what the server noted', () => {
    assert.deepEqual(readPermission(noted({ id: '1', title: 'write', options: OPTIONS })), {
      id: '1',
      title: 'write',
      options: [
        { id: 'y', name: 'Yes', kind: 'allow_once' },
        { id: 'n', name: 'Reject', kind: 'reject_once' }
      ],
      waiting: true
    });
  });

  for (const state of ['decided', 'withdrawn', undefined]) {
    test(`does not wait when the state is ${state}`, () => {
      const metadata = noted({ id: '1', title: 'x', options: OPTIONS }, { state });
      assert.equal(readPermission(metadata)?.waiting, false);
    });
  }

  const OTHERS: [string, unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a reply', { persona: { kind: 'reply', state: 'complete' } }],
    ['no request', noted(undefined)],
    ['no id', noted({ options: OPTIONS })],
    ['a list', [1]],
    ['a kind that only looks inherited', Object.create(noted({ id: '1', options: [] }))]
  ];
  for (const [what, metadata] of OTHERS) {
    test(`is undefined for ${what}`, () => {
      assert.equal(readPermission(metadata), undefined);
    });
  }

  test('leaves out options that mean nothing', () => {
    const options = [{ id: 'x', kind: 'toString' }, { kind: 'allow_once' }, 7, null, OPTIONS[0]];
    const read = readPermission(noted({ id: '1', title: 3, options }));
    assert.deepEqual(read?.options, [OPTIONS[0]]);
    assert.equal(read?.title, '');
  });
});

test('only the kinds of allowing allow', () => {
  const kinds = ['allow_once', 'allow_always', 'reject_once', 'reject_always'] as const;
  const found = kinds.filter(kind => allows({ id: 'x', name: 'x', kind }));
  assert.deepEqual(found, ['allow_once', 'allow_always']);
});
