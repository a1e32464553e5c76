import assert from 'node:assert/strict';
import { describe as group, test } from 'node:test';

import { addressed, freeName, roll } from '../src/presence';
import type { IPersona } from '../src/types';

function persona(slug: string, state: IPersona['state'] = 'ready'): IPersona {
  return {
    id: `persona::${slug}`,
    slug,
    name: slug,
    mention_name: slug,
    description: null,
    avatar_url: null,
    engine: 'scripted',
    model: null,
    state,
    detail: null
  };
}

group('roll', () => {
  test('puts who answers by default first', () => {
    const { shown, rest } = roll([persona('ada'), persona('eve'), persona('tom')], 'eve');
    assert.deepEqual(
      shown.map(({ slug }) => slug),
      ['eve', 'ada', 'tom']
    );
    assert.equal(rest, '');
  });

  test('shows who is busy and tells how many cannot answer', () => {
    const all = [
      persona('ada', 'busy'),
      persona('bad', 'broken'),
      persona('off', 'unavailable'),
      persona('far', 'carried')
    ];
    const { shown, rest } = roll(all, null);
    assert.deepEqual(
      shown.map(({ slug }) => slug),
      ['ada']
    );
    assert.equal(rest, '3 cannot answer: send /personas to see why.');
  });

  test('tells how to trust those that wait for it', () => {
    const { rest } = roll([persona('new', 'untrusted'), persona('bad', 'broken')], null);
    assert.equal(
      rest,
      '1 would run code: mention one with @ to see what, and decide. ' +
        '1 cannot answer: send /personas to see why.'
    );
  });

  test('does not fill the chat with many', () => {
    const many = Array.from({ length: 15 }, (_, number) => persona(`p${number}`));
    const { shown, rest } = roll(many, 'p14');
    assert.equal(shown.length, 12);
    assert.equal(shown[0]?.slug, 'p14');
    assert.equal(rest, '3 more: write @ to see all.');
  });
});

group('freeName', () => {
  test('is Assistant, or the next that is free', () => {
    assert.equal(freeName([{ slug: 'ada' }]), 'Assistant');
    assert.equal(freeName([{ slug: 'assistant' }]), 'Assistant 2');
    assert.equal(freeName([{ slug: 'assistant' }, { slug: 'assistant-2' }]), 'Assistant 3');
  });
});

group('addressed', () => {
  test('begins a message, and keeps what is written', () => {
    assert.equal(addressed('Data-Sage', ''), '@Data-Sage ');
    assert.equal(addressed('Ada', ' what is this?'), '@Ada what is this?');
  });
});
