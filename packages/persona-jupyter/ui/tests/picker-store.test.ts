import assert from 'node:assert/strict';
import { describe as group, test } from 'node:test';

import type { IChoices, IPickerCatalog } from '../src/block-client';
import { PickerStore } from '../src/picker-store';
import type { IChatPlace } from '../src/store';

/** A server with one persona, of which the model can be changed. */
class Server {
  model = 'a/one';
  asked: string[] = [];
  modes: IChoices['modes'] = [];
  refusal: string | undefined;

  async catalog(path: string): Promise<IPickerCatalog> {
    this.asked.push(`catalog ${path}`);
    const ada = {
      id: 'persona::ada',
      slug: 'ada',
      name: 'Ada',
      mention_name: 'Ada',
      description: null,
      avatar_url: null,
      engine: 'litellm',
      model: this.model,
      state: 'ready' as const,
      detail: null
    };
    return { personas: [ada], default: 'ada', last_addressed: null, people: {} };
  }

  async choices(_path: string, slug: string): Promise<IChoices> {
    this.asked.push(`choices ${slug}`);
    const { model, modes } = this;
    return { engine: 'litellm', model, engines: [], models: [], modes, options: [] };
  }

  async prepare(_chat: string, slug: string): Promise<void> {
    this.asked.push(`prepare ${slug}`);
    this.modes = [{ id: 'plan', name: 'Plan only' }];
  }

  async change(_chat: string, _slug: string, values: Record<string, unknown>): Promise<void> {
    if (this.refusal) {
      throw new Error(this.refusal);
    }
    this.model = String(values['model.model_id']);
  }

  async reset(): Promise<void> {
    this.model = 'a/one';
  }
}

const OPEN: IChatPlace = { path: () => 'a.chat', id: () => 'id' };

group('PickerStore', () => {
  test('tells what it learned, and nothing when nothing is new', async () => {
    const store = new PickerStore(new Server(), OPEN);
    let told = 0;
    const stop = store.subscribe(() => told++);
    await store.refresh();
    assert.equal(store.state.catalog?.default, 'ada');
    assert.equal(told, 1);
    await store.refresh();
    assert.equal(told, 1);
    stop();
    await store.settingsOf('ada');
    assert.equal(told, 1);
  });

  test('shows a change, and its taking back', async () => {
    const store = new PickerStore(new Server(), OPEN);
    await store.refresh();
    await store.settingsOf('ada');
    assert.equal(await store.change('ada', { 'model.model_id': 'a/two' }), true);
    assert.equal(store.state.catalog?.personas[0]?.model, 'a/two');
    assert.equal(store.state.choices?.values.model, 'a/two');
    assert.equal(await store.reset('ada'), true);
    assert.equal(store.state.choices?.values.model, 'a/one');
    assert.equal(store.state.busy, false);
  });

  test('prepares the persona, and shows what its engine tells then', async () => {
    const store = new PickerStore(new Server(), OPEN);
    await store.refresh();
    await store.settingsOf('ada');
    assert.deepEqual(store.state.choices?.values.modes, [{ id: 'plan', name: 'Plan only' }]);
  });

  test('makes changes one after the other', async () => {
    const server = new Server();
    const store = new PickerStore(server, OPEN);
    await store.refresh();
    const done = ['a/two', 'a/three'].map(model => store.change('ada', { 'model.model_id': model }));
    assert.deepEqual(await Promise.all(done), [true, true]);
    assert.equal(store.state.catalog?.personas[0]?.model, 'a/three');
    assert.equal(store.state.busy, false);
  });

  test('keeps the reason of a refusal until the next change', async () => {
    const server = new Server();
    const store = new PickerStore(server, OPEN);
    await store.refresh();
    await store.settingsOf('ada');
    server.refusal = 'It is not allowed.';
    assert.equal(await store.change('ada', { 'model.model_id': 'b/x' }), false);
    assert.equal(store.state.error, 'It is not allowed.');
    assert.equal(store.state.choices?.values.model, 'a/one');
    await store.refresh();
    assert.equal(store.state.error, 'It is not allowed.');
    server.refusal = undefined;
    await store.change('ada', { 'model.model_id': 'a/two' });
    assert.equal(store.state.error, '');
  });

  test('asks for the choices again when the persona was changed elsewhere', async () => {
    const server = new Server();
    const store = new PickerStore(server, OPEN);
    await store.refresh();
    await store.settingsOf('ada');
    server.model = 'a/elsewhere';
    await store.refresh();
    assert.equal(store.state.choices?.values.model, 'a/elsewhere');
    const before = server.asked.filter(asked => asked === 'choices ada').length;
    await store.refresh();
    assert.equal(server.asked.filter(asked => asked === 'choices ada').length, before);
  });

  test('shows at once what an event tells, and asks anew for what a reply took', async () => {
    const server = new Server();
    const store = new PickerStore(server, OPEN);
    await store.refresh();
    await store.settingsOf('ada');
    const before = server.asked.length;
    const told = { kind: 'state', chat: 'id', slug: 'ada' } as const;
    store.doing({ ...told, state: 'tool', phase: 'busy' });
    const row = () => store.state.catalog?.personas[0];
    assert.deepEqual([row()?.state, row()?.activity], ['busy', 'tool']);
    store.doing({ ...told, state: 'waiting', phase: 'waiting' });
    assert.equal(row()?.state, 'waiting');
    store.doing({ ...told, slug: 'nobody', state: 'tool', phase: 'busy' });
    store.doing({ ...told, state: 'stopped', phase: 'over' });
    assert.deepEqual([row()?.state, row()?.activity], ['ready', null]);
    assert.equal(server.asked.length, before);
    await store.refresh();
    assert.deepEqual(server.asked.slice(before), ['catalog a.chat', 'choices ada']);
  });
});
