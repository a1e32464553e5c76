import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TimedCache } from '../src/cache';

function setUp() {
  const asked: string[] = [];
  const clock = { time: 0 };
  const cache = new TimedCache(
    async key => {
      asked.push(key);
      return `${key}${asked.length}`;
    },
    2000,
    () => clock.time
  );
  return { asked, cache, clock };
}

test('asks once within the lifetime', async () => {
  const { asked, cache, clock } = setUp();
  const first = cache.get('a');
  clock.time = 1999;
  assert.deepEqual(await Promise.all([first, cache.get('a')]), ['a1', 'a1']);
  assert.deepEqual(asked, ['a']);
});

test('asks again when the lifetime is over', async () => {
  const { cache, clock } = setUp();
  await cache.get('a');
  clock.time = 2000;
  assert.equal(await cache.get('a'), 'a2');
});

test('keeps the answers of two chats apart', async () => {
  const { asked, cache } = setUp();
  assert.equal(await cache.get('a'), 'a1');
  assert.equal(await cache.get('b'), 'b2');
  assert.deepEqual(asked, ['a', 'b']);
});

test('peeks without asking', async () => {
  const { asked, cache, clock } = setUp();
  assert.equal(cache.peek('a'), undefined);
  assert.deepEqual(asked, []);
  void cache.get('a');
  assert.equal(await cache.peek('a'), 'a1');
  clock.time = 2000;
  assert.equal(cache.peek('a'), undefined);
});
