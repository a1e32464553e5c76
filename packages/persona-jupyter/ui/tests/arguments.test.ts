import type { IInputModel } from '@jupyter/chat';
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ArgumentProvider } from '../src/arguments';
import { ChatIndex } from '../src/chats';
import type { ICompletion } from '../src/types';

/** The input of a chat, with the caret at the end. */
class Input {
  readonly chatContext = { name: 'a.chat', users: [] };
  readonly valueChanged = { connect: () => true, disconnect: () => true };
  constructor(public value: string) {}

  get cursorIndex(): number {
    return this.value.length;
  }

  get currentWord(): string {
    return /\S*$/.exec(this.value)?.[0] ?? '';
  }

  focus(): void {}
}

function setUp(value: string) {
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  const client = {
    catalog: async () => ({ personas: [], commands: [{ name: '/engine', description: '' }] }),
    completions: (_path: string, text: string) => {
      asked.push(text);
      return new Promise<ICompletion[]>(resolve => {
        const row = (word: string) => ({ word, description: `about ${word}` });
        waiting.push(() => resolve(['litellm', 'local/'].map(row)));
      });
    }
  };
  const input = new Input(value);
  const provider = new ArgumentProvider(client, new ChatIndex());
  const list = () => provider.listCommandCompletions(input as unknown as IInputModel);
  return { asked, input, list, waiting };
}

async function until(look: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!look()) {
    assert.ok(Date.now() < deadline, 'waited too long');
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

test('lists words with their descriptions', async () => {
  const { list, waiting } = setUp('/engine l');
  const answer = list();
  await until(() => waiting.length === 1);
  waiting[0]?.();
  const rows = await answer;
  assert.deepEqual(
    rows.map(({ name, description, spaceOnAccept }) => [name, description, spaceOnAccept]),
    [
      ['litellm', 'about litellm', true],
      ['local/', 'about local/', false]
    ]
  );
});

test('a late answer is about what stands there now', async () => {
  const { asked, input, list, waiting } = setUp('/engine l');
  const early = list();
  await until(() => waiting.length === 1);
  input.value = '/engine lit';
  const late = list();
  waiting[0]?.();
  for (const rows of await Promise.all([early, late])) {
    assert.deepEqual(rows.map(row => row.name), ['litellm']);
  }
  assert.deepEqual(asked, ['/engine l']);
});

test('a late answer is empty when the message was sent', async () => {
  const { input, list, waiting } = setUp('/engine l');
  const answer = list();
  await until(() => waiting.length === 1);
  input.value = '';
  waiting[0]?.();
  assert.deepEqual(await answer, []);
});

test('asks once for what is typed without a pause', async () => {
  const { asked, input, list, waiting } = setUp('/engine l');
  const answers = [list()];
  for (const letter of 'ite') {
    input.value += letter;
    answers.push(list());
  }
  await until(() => waiting.length === 1);
  waiting[0]?.();
  await Promise.all(answers);
  assert.deepEqual(asked, ['/engine lite']);
});

for (const value of ['hello', 'see a/b', '@Ada hello', '/unknown l', '/engine @A']) {
  test(`asks nothing about ${value}`, async () => {
    const { asked, list } = setUp(value);
    assert.deepEqual(await list(), []);
    assert.deepEqual(asked, []);
  });
}
