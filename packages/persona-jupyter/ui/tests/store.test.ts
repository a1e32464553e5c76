import assert from 'node:assert/strict';
import { describe as group, test } from 'node:test';

import { IChatPlace, Store } from '../src/store';

/** Reads a number from a server that may be gone. */
class Numbers extends Store<{ number: number | undefined }> {
  readonly asked: string[] = [];
  answer: () => number = () => 1;

  constructor(place: IChatPlace = { path: () => 'a.chat', id: () => 'id' }) {
    super(place, { number: undefined });
  }

  try(call: (id: string) => Promise<void>): Promise<string> {
    return this.attempt(call);
  }

  protected async ask(path: string): Promise<void> {
    this.asked.push(path);
    await Promise.resolve();
    this.learn({ number: this.answer() });
  }
}

group('Store', () => {
  test('asks once more for all calls that come meanwhile', async () => {
    const store = new Numbers();
    let number = 0;
    store.answer = () => ++number;
    await Promise.all([1, 2, 3, 4].map(() => store.refresh()));
    assert.equal(store.asked.length, 2);
    assert.equal(store.state.number, 2);
    await store.refresh();
    assert.equal(store.asked.length, 3);
  });

  test('tells what it learned, and nothing when nothing is new', async () => {
    const store = new Numbers();
    let told = 0;
    const stop = store.subscribe(() => told++);
    await store.refresh();
    const { state } = store;
    await store.refresh();
    assert.equal(told, 1);
    assert.equal(store.state, state);
    store.answer = () => 2;
    stop();
    await store.refresh();
    assert.equal(told, 1);
    assert.deepEqual(store.state, { number: 2 });
  });

  test('keeps what it knew when the server does not answer, and asks again', async () => {
    const store = new Numbers();
    await store.refresh();
    store.answer = () => {
      throw new Error('gone');
    };
    await store.refresh();
    assert.equal(store.state.number, 1);
    store.answer = () => 2;
    await store.refresh();
    assert.equal(store.state.number, 2);
  });

  test('neither asks nor does anything before the chat is open', async () => {
    const store = new Numbers({ path: () => '', id: () => undefined });
    await store.refresh();
    assert.deepEqual(store.asked, []);
    assert.match(await store.try(() => assert.fail()), /not open yet/);
  });

  test('tells why something was refused', async () => {
    const store = new Numbers();
    const ids: string[] = [];
    assert.equal(await store.try(async id => void ids.push(id)), '');
    assert.deepEqual(ids, ['id']);
    assert.equal(await store.try(() => Promise.reject(new Error('No.'))), 'No.');
  });
});
