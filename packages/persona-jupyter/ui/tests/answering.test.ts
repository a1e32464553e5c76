import assert from 'node:assert/strict';
import { describe as group, test } from 'node:test';

import { ISituation, NO_ONE, explain, reasonAgainst, whoAnswers } from '../src/answering';
import type { IPersona } from '../src/types';

function persona(slug: string, name: string, more: Partial<IPersona> = {}): IPersona {
  return {
    id: `persona::${slug}`,
    slug,
    name,
    names: [name, slug],
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

const SITUATION: ISituation = {
  personas: [persona('ada', 'Ada'), persona('data-sage', 'Data Sage'), persona('v2', 'GPT 4.1')],
  picked: undefined,
  lastAddressed: null,
  defaultPersona: null,
  people: ['Hugo B'],
  several: false
};

function decide(text: string, more: Partial<ISituation> = {}): [string[], string] {
  const { slugs, why } = whoAnswers(text, { ...SITUATION, ...more });
  return [[...slugs], why];
}

group('whoAnswers', () => {
  // The same rows as the server's own test of its rules.
  const RULES: [string, Partial<ISituation>, string[], string][] = [
    ['@Ada hi', {}, ['ada'], 'mentioned'],
    ['hi @Ada', { several: true }, ['ada'], 'mentioned'],
    ['@data-SAGE and @ada', {}, ['data-sage', 'ada'], 'mentioned'],
    ['@Ada hi', { picked: 'data-sage' }, ['ada'], 'mentioned'],
    ['@Ada hi', { picked: NO_ONE }, ['ada'], 'mentioned'],
    ['hi', { picked: 'data-sage', lastAddressed: 'ada' }, ['data-sage'], 'picked'],
    ['hi', { picked: 'gone', lastAddressed: 'ada' }, ['ada'], 'last'],
    ['hi', { lastAddressed: 'ada', defaultPersona: 'v2' }, ['ada'], 'last'],
    ['hi', { lastAddressed: 'gone', defaultPersona: 'v2' }, ['v2'], 'default'],
    ['hi', {}, [], 'nobody'],
    ['hi', { picked: NO_ONE, lastAddressed: 'ada' }, [], 'no-one'],
    ['hi', { several: true, lastAddressed: 'ada' }, [], 'several-people'],
    ['@hugo-b hi', { lastAddressed: 'ada' }, [], 'person'],
    ['@Otto hi', { lastAddressed: 'ada' }, [], 'unknown-mention'],
    ['hi @Otto', { lastAddressed: 'ada' }, ['ada'], 'last'],
    ['`@Otto` is what?', { lastAddressed: 'ada' }, ['ada'], 'last'],
    ['hi', { personas: [] }, [], 'no-personas']
  ];
  for (const [text, more, slugs, why] of RULES) {
    test(`${JSON.stringify(text)} with ${JSON.stringify(more)}: ${why}`, () => {
      assert.deepEqual(decide(text, more), [slugs, why]);
    });
  }

  const MENTIONS: [string, string[]][] = [
    ['@GPT 4.1 hi', ['v2']],
    ['@Data Sage hi', ['data-sage']],
    ['thanks, @ada.', ['ada']],
    ['@ada @ADA', ['ada']],
    ['me@ada.com', []],
    ['@adalbert', []],
    ['@ada/core', []],
    ['see https://x.org/@ada', []],
    ['[x](@ada)', []],
    ['`@ada`', []],
    ['```\n@ada\n```', []],
    ['```\n@ada', []],
    ['``a ` @ada`` @v2', ['v2']]
  ];
  for (const [text, slugs] of MENTIONS) {
    test(`mentions in ${JSON.stringify(text)}`, () => {
      assert.deepEqual(decide(`so:\n${text}`)[0], slugs);
    });
  }

  test('a persona that was renamed answers to its former short name', () => {
    const lovelace = persona('lovelace', 'Lovelace', { names: ['Lovelace', 'lovelace', 'ada'] });
    assert.deepEqual(decide('hi', { personas: [lovelace], picked: 'ada' }), [
      ['lovelace'],
      'picked'
    ]);
  });

  test('a persona that only the chat brings does not answer', () => {
    const carried = persona('ada', 'Ada', { state: 'carried', names: [] });
    assert.equal(decide('hi', { personas: [carried], defaultPersona: 'ada' })[1], 'no-personas');
  });
});

group('words', () => {
  test('say who and why', () => {
    assert.equal(explain('mentioned', ['Ada', 'Bob']), 'Ada and Bob answer: mentioned in the message.');
    assert.equal(explain('last', ['Ada']), 'Ada answers: the one last addressed in this chat.');
  });

  test('say why one cannot be chosen', () => {
    const detail = 'line 2: nonsense';
    assert.equal(reasonAgainst(persona('x', 'X', { state: 'broken', detail })), detail);
    assert.equal(reasonAgainst(persona('x', 'X', { state: 'unavailable' })), 'not available');
    assert.equal(reasonAgainst(persona('x', 'X', { state: 'busy' })), '');
  });
});
