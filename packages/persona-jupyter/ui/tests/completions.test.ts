import assert from 'node:assert/strict';
import { describe as group, test } from 'node:test';

import { Completions, argumentAt, isOpen, narrow } from '../src/completions';
import type { ICompletion } from '../src/types';

const COMMANDS = ['/engine', '/options', '/system-prompt'].map(name => ({ name, description: '' }));
const rows = (...words: string[]): ICompletion[] => words.map(word => ({ word, description: '' }));
const words = (found: ICompletion[] | undefined) => found?.map(row => row.word);

/** As jupyterlab-chat does: the caret at the end, the word between white space. */
function at(value: string) {
  return argumentAt(value, value.length, /\S*$/.exec(value)?.[0] ?? '', COMMANDS);
}

group('argumentAt', () => {
  const FOUND: [string, string, string][] = [
    ['/engine l', '/engine ', 'l'],
    ['/ENGINE l', '/ENGINE ', 'l'],
    ['  /engine\n@Ada lit', '  /engine\n@Ada ', 'lit'],
    ['@Ada /engine l', '@Ada /engine ', 'l'],
    ['/options @Ada a=1 b=2 c', '/options @Ada a=1 b=2 ', 'c']
  ];
  for (const [value, before, word] of FOUND) {
    test(`finds the word of ${JSON.stringify(value)}`, () => {
      assert.deepEqual(at(value), { before, word });
    });
  }

  const OTHERS: [string, string][] = [
    ['the command itself', '/engine'],
    ['an empty word', '/engine '],
    ['a name', '/engine @A'],
    ['a command that is not known', '/etc/fstab is'],
    ['a command in the middle', 'see /engine l'],
    ['prose', 'hello there'],
    ['the fifth word', '/system-prompt you are a poet who'],
    ['a very long word', `/engine ${'x'.repeat(101)}`]
  ];
  for (const [what, value] of OTHERS) {
    test(`is undefined for ${what}`, () => {
      assert.equal(at(value), undefined);
    });
  }

  test('takes the whole word when the caret is within it', () => {
    assert.deepEqual(argumentAt('/engine litellm', 10, 'litellm', COMMANDS), {
      before: '/engine ',
      word: 'litellm'
    });
  });

  test('leaves a word with an escaped space alone', () => {
    assert.equal(argumentAt('/engine a\\ b', 12, 'a\\ b', COMMANDS), undefined);
  });
});

group('narrow', () => {
  test('keeps what holds the word, what begins with it first', () => {
    const found = narrow('AC', rows('claude-acp', 'acp', 'litellm'));
    assert.deepEqual(words(found), ['acp', 'claude-acp']);
  });

  test('is empty once the word is complete, also when longer ones are there', () => {
    assert.deepEqual(narrow('acp', rows('acp', 'acp-two')), []);
  });

  test('offers the right case of a complete word', () => {
    assert.deepEqual(words(narrow('ACP', rows('acp'))), ['acp']);
  });

  for (const word of ['mode=', 'openai/']) {
    test(`goes on after ${word}`, () => {
      assert.deepEqual(words(narrow(word, rows(word, `${word}a`))), [`${word}a`]);
    });
  }
});

test('a word is open while a value or a part must follow', () => {
  assert.deepEqual(['mode=', 'openai/', 'a=b', 'a/b', ''].map(isOpen), [true, true, false, false, false]);
});

group('Completions', () => {
  function setUp(answers: Record<string, ICompletion[]>) {
    const asked: string[] = [];
    const clock = { time: 0 };
    const completions = new Completions(
      async (path, text) => {
        asked.push(`${path}: ${text}`);
        return answers[text] ?? [];
      },
      () => clock.time
    );
    const known = async (word: string, before = '/engine ', path = 'a.chat') =>
      words(await completions.known(path, { before, word }));
    const ask = async (word: string, before = '/engine ') =>
      words(await completions.ask('a.chat', { before, word }));
    return { asked, clock, known, ask };
  }

  test('asks with all that stands before the caret', async () => {
    const { asked, ask } = setUp({ '/engine l': rows('litellm') });
    assert.deepEqual(await ask('l'), ['litellm']);
    assert.deepEqual(asked, ['a.chat: /engine l']);
  });

  test('knows longer words from one answer', async () => {
    const { asked, known, ask } = setUp({ '/engine l': rows('litellm', 'claude-acp') });
    assert.equal(await known('l'), undefined);
    await ask('l');
    assert.deepEqual(await known('lit'), ['litellm']);
    assert.deepEqual(await known('litellm'), []);
    assert.deepEqual(await known('lx'), []);
    assert.equal(asked.length, 1);
  });

  test('knows nothing of other words, commands and chats', async () => {
    const { known, ask } = setUp({ '/engine l': rows('litellm') });
    await ask('l');
    assert.equal(await known('a'), undefined);
    assert.equal(await known('l', '/model '), undefined);
    assert.equal(await known('l', '/engine ', 'b.chat'), undefined);
  });

  test('asks no more about a word that nothing fits', async () => {
    const { known, ask } = setUp({});
    await ask('Y', '/system-prompt ');
    assert.deepEqual(await known('You', '/system-prompt '), []);
  });

  test('does not trust an answer that may be cut', async () => {
    const many = Array.from({ length: 50 }, (_, n) => `openrouter-${n}`);
    const { known, ask } = setUp({ '/engine o': rows(...many), '/engine op': rows(...many) });
    await ask('o');
    assert.equal((await known('o'))?.length, 50);
    assert.equal(await known('op'), undefined);
    await ask('op');
    assert.equal((await known('op'))?.length, 50);
  });

  for (const [word, longer] of [['mode', 'mode='], ['openai', 'openai/g']] as const) {
    test(`asks again behind ${longer}`, async () => {
      const { known, ask } = setUp({ [`/engine ${word}`]: rows(longer) });
      await ask(word);
      assert.equal(await known(longer), undefined);
    });
  }

  test('forgets', async () => {
    const { clock, known, ask } = setUp({});
    await ask('l');
    clock.time = 5000;
    assert.equal(await known('l'), undefined);
  });
});
