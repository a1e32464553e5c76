import assert from 'node:assert/strict';
import { describe as group, test } from 'node:test';

import { IStorage, PickMemory } from '../src/pick-memory';

class MemoryStorage implements IStorage {
  readonly values = new Map<string, string>();

  getItem(key: string): string | null {
    return this.values.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.values.set(key, value);
  }
}

const SERVER = 'http://one/';

group('PickMemory', () => {
  test('keeps picks apart by server, person and chat, "no one" too', () => {
    const storage = new MemoryStorage();
    const memory = new PickMemory(() => storage, SERVER);
    memory.keep('a', 'me', 'ada');
    memory.keep('b', 'me', '');
    const again = new PickMemory(() => storage, SERVER);
    assert.equal(again.read('a', 'me'), 'ada');
    assert.equal(again.read('b', 'me'), '');
    assert.equal(again.read('c', 'me'), undefined);
    assert.equal(again.read('a', 'you'), undefined);
    assert.equal(new PickMemory(() => storage, 'http://two/').read('a', 'me'), undefined);
  });

  test('forgets a pick', () => {
    const storage = new MemoryStorage();
    const memory = new PickMemory(() => storage, SERVER);
    memory.keep('a', 'me', 'ada');
    memory.keep('a', 'me', 'bob');
    assert.equal(memory.read('a', 'me'), 'bob');
    memory.keep('a', 'me', undefined);
    assert.equal(memory.read('a', 'me'), undefined);
  });

  test('remembers the last chats only', () => {
    const memory = new PickMemory(() => storage, SERVER);
    const storage = new MemoryStorage();
    for (let number = 0; number < 500; number++) {
      memory.keep(`chat ${number}`, 'me', 'ada');
    }
    assert.equal(memory.read('chat 499', 'me'), 'ada');
    assert.equal(memory.read('chat 0', 'me'), undefined);
    assert.ok([...storage.values.values()].join('').length < 20_000);
  });

  test('works with what somebody else has written there', () => {
    for (const text of ['', '{', '{}', '[1, ["a"], ["x", 2]]', 'null']) {
      const storage = new MemoryStorage();
      storage.setItem('persona-jupyter:picks', text);
      const memory = new PickMemory(() => storage, SERVER);
      assert.equal(memory.read('a', 'me'), undefined);
      memory.keep('a', 'me', 'ada');
      assert.equal(memory.read('a', 'me'), 'ada');
    }
  });

  test('does without storage', () => {
    const memory = new PickMemory(() => {
      throw new Error('SecurityError');
    }, SERVER);
    memory.keep('a', 'me', 'ada');
    assert.equal(memory.read('a', 'me'), undefined);
  });
});
