import assert from 'node:assert/strict';
import { describe as group, test } from 'node:test';

import { CATALOG, IEventStream, PersonaEvent, PersonaEvents, STATE, readEvent } from '../src/events';

/** The stream that JupyterLab would have. */
class Stream implements IEventStream {
  private readonly slots = new Set<(sender: unknown, event: unknown) => void>();

  connect(slot: (sender: unknown, event: unknown) => void): boolean {
    this.slots.add(slot);
    return true;
  }

  disconnect(slot: (sender: unknown, event: unknown) => void): boolean {
    return this.slots.delete(slot);
  }

  emit(event: unknown): void {
    this.slots.forEach(slot => slot(this, event));
  }
}

const BUSY = { schema_id: STATE, chat_id: 'one', path: 'a.chat', slug: 'ada', state: 'tool' };

group('PersonaEvents', () => {
  test('tells a chat of its own events until it is left', () => {
    const stream = new Stream();
    const events = new PersonaEvents(stream);
    const told: PersonaEvent[] = [];
    const chat = { id: undefined as string | undefined };
    const stop = events.subscribe(chat, event => told.push(event));
    stream.emit(BUSY);
    assert.deepEqual(told, []);
    chat.id = 'one';
    stream.emit(BUSY);
    stream.emit({ ...BUSY, chat_id: 'two' });
    stream.emit({ schema_id: CATALOG, chat_id: 'one' });
    assert.deepEqual(told, [
      { kind: 'state', chat: 'one', slug: 'ada', state: 'tool', phase: 'busy' },
      { kind: 'catalog', chat: 'one' }
    ]);
    stop();
    stream.emit(BUSY);
    assert.equal(told.length, 2);
  });

  test('is silent where there are no events', () => {
    const stop = new PersonaEvents(undefined).subscribe({ id: 'one' }, () => assert.fail());
    stop();
  });
});

group('readEvent', () => {
  test('passes over what is not ours or is not as it should be', () => {
    for (const raw of [
      undefined,
      null,
      'text',
      {},
      { ...BUSY, schema_id: 'https://events.jupyter.org/jupyter_server/kernel_actions/v1' },
      { ...BUSY, chat_id: 1 },
      { ...BUSY, slug: null },
      { ...BUSY, state: 'toString' },
      { ...BUSY, state: '__proto__' },
      { ...BUSY, state: 7 }
    ]) {
      assert.equal(readEvent(raw), undefined);
    }
  });

  test('knows which states are ends', () => {
    const phases = ['thinking', 'waiting', 'idle', 'stopped', 'failed', 'closed'].map(state => {
      const event = readEvent({ ...BUSY, state });
      return event?.kind === 'state' ? event.phase : undefined;
    });
    assert.deepEqual(phases, ['busy', 'waiting', 'over', 'over', 'over', 'over']);
  });
});
