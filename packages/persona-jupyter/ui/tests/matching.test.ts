import assert from 'node:assert/strict';
import { describe as group, test } from 'node:test';

import {
  describe,
  initials,
  isHere,
  matchCommands,
  matchPersonas,
  mentionedNames,
  textBefore
} from '../src/matching';
import type { IPersona } from '../src/types';

function persona(slug: string, name: string, more: Partial<IPersona> = {}): IPersona {
  return {
    id: `persona::${slug}`,
    slug,
    name,
    mention_name: name.replace(/ /g, '-'),
    description: null,
    avatar_url: null,
    engine: 'litellm',
    model: null,
    state: 'ready',
    detail: null,
    ...more
  };
}

const researcher = persona('researcher', 'Data Researcher');
const ada = persona('poet', 'Ada');
const adaTwo = persona('poet-two', 'Ada Two');
const all = [researcher, ada, adaTwo];
const slugs = (word: string, of = all) => matchPersonas(word, of).map(found => found.slug);

group('matchPersonas', () => {
  test('lists all after a bare @', () => {
    assert.deepEqual(slugs('@'), ['researcher', 'poet', 'poet-two']);
  });

  for (const word of ['@DATA', '@data-res', '@sear', '@ReSearche']) {
    test(`finds one by ${word}`, () => {
      assert.deepEqual(slugs(word), ['researcher']);
    });
  }

  test('finds by slug', () => {
    assert.deepEqual(slugs('@poe'), ['poet', 'poet-two']);
  });

  test('puts names that start with the text first', () => {
    assert.deepEqual(slugs('@t', [researcher, persona('x', 'Teacher')]), ['x', 'researcher']);
  });

  test('puts the exact name first when others are longer', () => {
    assert.deepEqual(slugs('@ada', [adaTwo, ada]), ['poet', 'poet-two']);
  });

  for (const word of ['@Data-Researcher', '@data-researcher', '@researcher']) {
    test(`is empty once ${word} says the only one in full`, () => {
      assert.deepEqual(slugs(word), []);
    });
  }

  test('puts a persona that cannot answer last', () => {
    const broken = persona('adams', 'Adams', { state: 'broken' });
    assert.deepEqual(slugs('@ad', [broken, ada]), ['poet', 'adams']);
  });

  for (const word of ['', 'data', '/data', 'me@data']) {
    test(`ignores "${word}"`, () => {
      assert.deepEqual(slugs(word), []);
    });
  }
});

group('matchCommands', () => {
  const commands = ['/persona', '/personas', '/stop'].map(name => ({ name, description: name }));
  const names = (word: string, before = '') =>
    matchCommands(word, before, commands).map(found => found.name);

  test('lists all after a slash', () => {
    assert.deepEqual(names('/'), ['/persona', '/personas', '/stop']);
  });

  test('filters without regard to case', () => {
    assert.deepEqual(names('/ST'), ['/stop']);
  });

  test('is empty once the only command is complete', () => {
    assert.deepEqual(names('/stop'), []);
  });

  test('keeps a complete command first when others are longer', () => {
    assert.deepEqual(names('/persona'), ['/persona', '/personas']);
  });

  test('allows mentions before the command, and nothing else', () => {
    assert.deepEqual(names('/s', '@Ada '), ['/stop']);
    assert.deepEqual(names('/s', 'see '), []);
  });
});

test('textBefore ends where the word at the caret starts', () => {
  assert.equal(textBefore('@Ada /st now', 8), '@Ada ');
  assert.equal(textBefore('/st', null), '');
});

group('mentionedNames', () => {
  test('reads names of any script once each', () => {
    assert.deepEqual(mentionedNames('@Ada, @Ada and (@Zoë) @Data-Sage'), ['Ada', 'Zoë', 'Data-Sage']);
  });

  test('skips addresses and code', () => {
    assert.deepEqual(mentionedNames('me@ada.com `@b` ```\n@c\n``` @d'), ['d']);
  });

  test('leaves out a name still being typed', () => {
    assert.deepEqual(mentionedNames('@Ada @Da', true), ['Ada']);
    assert.deepEqual(mentionedNames('@Ada ', true), ['Ada']);
  });
});

const HERE: [IPersona['state'], boolean][] = [
  ['ready', true],
  ['busy', true],
  ['login', true],
  ['broken', true],
  ['untrusted', true],
  ['unavailable', true],
  ['carried', false],
  ['removed', false]
];
for (const [state, here] of HERE) {
  test(`one that is ${state} is ${here ? '' : 'not '}here`, () => {
    assert.equal(isHere(persona('a', 'A', { state })), here);
  });
}

test('describe joins description, engine and the short model', () => {
  const full = persona('a', 'A', { description: 'Reads\n data.', model: 'openai/gpt-4o' });
  assert.equal(describe(full), 'Reads data. · litellm gpt-4o');
  assert.equal(describe(ada), 'litellm');
});

test('describe says nothing of a persona that is busy', () => {
  assert.equal(describe(persona('a', 'A', { state: 'waiting' })), 'litellm');
  assert.deepEqual(slugs('@ad', [persona('adams', 'Adams', { state: 'busy' }), ada]), ['adams', 'poet']);
});

test('describe says why a persona cannot answer', () => {
  assert.equal(describe(persona('a', 'A', { state: 'unavailable', detail: 'no key' })), 'not available: no key'
  );
});

test('describe cuts a long description', () => {
  assert.ok(describe(persona('a', 'A', { description: 'x'.repeat(500) })).length < 120);
});

const INITIALS: [string, string][] = [
  ['Data Researcher', 'DR'],
  ['Ada', 'A'],
  ['', ''],
  ['😀 bot', '😀B']
];
for (const [name, expected] of INITIALS) {
  test(`initials of "${name}"`, () => {
    assert.equal(initials(name), expected);
  });
}
