import assert from 'node:assert/strict';
import { describe as group, test } from 'node:test';

import { whoAnswers } from '../src/answering';
import { roll } from '../src/presence';
import { actions, lineOf, present, standing, summary, where } from '../src/roster';
import type { IRoster, IRosterPersona, Place } from '../src/roster-client';
import { RosterStore } from '../src/roster-store';

function persona(slug: string, more: Partial<IRosterPersona> = {}): IRosterPersona {
  const name = slug[0]?.toUpperCase() + slug.slice(1);
  return {
    id: `persona::${slug}`,
    slug,
    name,
    mention_name: name,
    description: null,
    avatar_url: null,
    engine: 'litellm',
    model: 'a/one',
    state: 'ready',
    detail: null,
    default: false,
    scope: 'project',
    file: `.jupyter/personas/${slug}.persona.md`,
    line: null,
    package: null,
    open: { path: `.jupyter/personas/${slug}.persona.md`, hidden: true },
    activity: null,
    fault: null,
    ...more
  };
}

const REMOVED = persona('bob', { state: 'removed' });

group('standing', () => {
  const said: [Partial<IRosterPersona>, string][] = [
    [{}, 'idle'],
    [{ fault: 'line 3: no' }, 'idle, last good version'],
    [{ state: 'busy' }, 'is writing'],
    [{ state: 'busy', activity: 'thinking' }, 'is thinking'],
    [{ state: 'busy', activity: 'tool' }, 'uses a tool'],
    [{ state: 'waiting', activity: 'waiting' }, 'waits for permission'],
    [{ state: 'broken' }, 'broken'],
    [{ state: 'untrusted' }, 'needs your trust'],
    [{ state: 'login' }, 'needs a login'],
    [{ state: 'removed' }, 'removed from this chat']
  ];
  for (const [more, text] of said) {
    test(`of ${JSON.stringify(more)}`, () => assert.equal(standing(persona('ada', more)), text));
  }
});

group('where', () => {
  test('tells file and line, package, or that it is nowhere else', () => {
    assert.equal(where(persona('ada')), '.jupyter/personas/ada.persona.md');
    assert.equal(where(persona('ada', { file: 'personas.toml', line: 4 })), 'personas.toml, line 4');
    assert.equal(lineOf(persona('ada', { file: 'personas.toml', line: 4 })), 4);
    assert.equal(lineOf(persona('ada', { line: 2 })), undefined);
    assert.equal(where(persona('ada', { package: 'px' })), 'Comes with the package px');
    assert.equal(where(persona('ada', { state: 'carried' })), 'In this chat only');
  });
});

/** What can be done, in words; what it makes of the persona's place. */
function does(slug: string, more: Partial<IRosterPersona> = {}, from = 'nobody'): unknown[] {
  return actions(persona(slug, more), from).map(action =>
    'place' in action ? [action.label, action.place] : action.label
  );
}

const DEFAULT = ['Make default', { default: true }];
const REMOVE = ['Remove from this chat', { removed: true }];

group('actions', () => {
  test('offer what can be done', () => {
    assert.deepEqual(does('ada'), ['Open file', DEFAULT, REMOVE]);
    assert.deepEqual(does('bob', { state: 'removed' }), [
      'Open file',
      ['Add to this chat', { removed: false }]
    ]);
    assert.deepEqual(does('ada', { state: 'broken', open: null }), [REMOVE]);
    assert.deepEqual(does('ada', { state: 'carried', open: null }), []);
    const untrusted = ['Review what it would run', 'Open file', REMOVE];
    assert.deepEqual(does('ada', { state: 'untrusted' }), untrusted);
  });

  test('take back only a default that was chosen in the chat', () => {
    const none = ['No longer default', { default: false }];
    assert.deepEqual(does('ada', { default: true }, 'chat')[1], none);
    assert.deepEqual(does('ada', { default: true }, 'settings')[1], DEFAULT);
    assert.deepEqual(does('ada', { default: true, state: 'broken' }, 'chat')[1], none);
  });
});

group('who was removed', () => {
  test('is not counted', () => {
    const all = [persona('ada'), REMOVED, persona('cleo', { state: 'carried' })];
    assert.deepEqual(present(all).map(({ slug }) => slug), ['ada']);
    assert.equal(summary(all), '1 persona in this chat');
    const busy = [persona('ada', { state: 'waiting' }), persona('dora', { state: 'broken' })];
    assert.equal(
      summary(busy),
      '2 personas in this chat, 1 waits for permission, 1 cannot answer'
    );
  });

  test('answers to no name, and is not shown in an empty chat', () => {
    const rest = { picked: undefined, lastAddressed: 'bob', people: [], several: false };
    const found = whoAnswers('@Bob hi', { personas: [REMOVED], defaultPersona: null, ...rest });
    assert.equal(found.why, 'unknown-mention');
    const other = [REMOVED, persona('ada')];
    const plain = whoAnswers('hi', { personas: other, defaultPersona: 'ada', ...rest });
    assert.deepEqual(plain, { slugs: ['ada'], why: 'default' });
    assert.deepEqual(roll([REMOVED], null), { shown: [], rest: '' });
  });
});

/** A server with one persona, whose place can be changed. */
class Server {
  asked: string[] = [];
  refusal = '';
  one = persona('ada');

  async roster(path: string, support: boolean): Promise<IRoster> {
    this.asked.push(`${path} ${support}`);
    return { personas: [this.one], default_from: 'only' };
  }

  async place(chatId: string, slug: string, place: Place): Promise<void> {
    this.asked.push(`${chatId} ${slug} ${JSON.stringify(place)}`);
    if (this.refusal) {
      throw new Error(this.refusal);
    }
    this.one = { ...this.one, state: 'removed' };
  }

  async review(chatId: string, slug: string): Promise<string> {
    this.asked.push(`${chatId} ${slug} review`);
    if (this.refusal) {
      throw new Error(this.refusal);
    }
    return 'question';
  }
}

const OPEN = { path: () => 'a.chat', id: () => 'id' };

group('RosterStore', () => {
  test('asks for what engines miss only while it is looked at', async () => {
    const server = new Server();
    const store = new RosterStore(server, OPEN);
    await store.refresh();
    store.look(true);
    await store.refresh();
    store.look(false);
    await store.refresh();
    assert.deepEqual([...new Set(server.asked)], ['a.chat false', 'a.chat true']);
    assert.equal(server.asked.at(-1), 'a.chat false');
  });

  test('tells what was done, and keeps what is known where that is refused', async () => {
    const server = new Server();
    const store = new RosterStore(server, OPEN);
    await store.refresh();
    server.refusal = 'No.';
    assert.equal(await store.put(server.one, { removed: true }), false);
    assert.equal(store.state.error, 'No.');
    assert.equal(store.state.told, '');
    assert.equal(store.state.roster?.personas[0]?.state, 'ready');
    server.refusal = '';
    assert.equal(await store.put(server.one, { removed: true }), true);
    assert.equal(store.state.error, '');
    assert.equal(store.state.told, 'Ada was removed from this chat.');
    assert.equal(store.state.roster?.personas[0]?.state, 'removed');
    assert.equal(store.state.busy, false);
  });

  test('has the chat ask for trust, and tells why it does not', async () => {
    const server = new Server();
    const store = new RosterStore(server, OPEN);
    assert.equal(await store.review(server.one), 'question');
    server.refusal = 'It does not wait.';
    assert.equal(await store.review(server.one), undefined);
    assert.equal(store.state.error, 'It does not wait.');
    assert.equal(store.state.busy, false);
  });

  test('tells nobody when nothing is new', async () => {
    const store = new RosterStore(new Server(), OPEN);
    await store.refresh();
    let told = 0;
    const stop = store.subscribe(() => told++);
    await store.refresh();
    assert.equal(told, 0);
    stop();
    store.tell('Said.');
    assert.equal(told, 0);
    assert.equal(store.state.told, 'Said.');
  });

  test('does nothing before the chat is open', async () => {
    const server = new Server();
    const store = new RosterStore(server, { path: () => '', id: () => undefined });
    await store.refresh();
    assert.equal(await store.put(server.one, { default: true }), false);
    assert.match(store.state.error, /not open yet/);
    assert.deepEqual(server.asked, []);
  });
});
