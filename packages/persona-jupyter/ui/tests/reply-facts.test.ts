import assert from 'node:assert/strict';
import { describe as group, test } from 'node:test';

import { readFacts, usageFacts } from '../src/reply-facts';

const DONE = { kind: 'reply', state: 'complete', engine: 'litellm', model: 'openai/gpt-x' };

function line(note: Record<string, unknown>): string {
  return readFacts({ persona: { ...DONE, ...note } })
    .map(({ text }) => text)
    .join(' · ');
}

group('readFacts', () => {
  test('says model, tokens, cost, time and context', () => {
    const usage = {
      input_tokens: 1234,
      output_tokens: 56,
      cost: 0.0123,
      model: 'gpt-x-2026',
      context_used: 25_600,
      context_size: 128_000
    };
    assert.equal(
      line({ usage, seconds: 3.42 }),
      'gpt-x-2026 · 1,234 tokens in, 56 out · $0.01 · 3.4 s · context 20% of 128k'
    );
  });

  test('says in full what the line shortens', () => {
    const [who, took] = readFacts({
      persona: { ...DONE, usage: { input_tokens: 12_345, output_tokens: 1 } }
    });
    assert.equal(who?.hint, 'Model openai/gpt-x, engine litellm');
    assert.equal(took?.text, '12k tokens in, 1 out');
    assert.equal(took?.hint, '12,345 tokens were sent, 1 came back');
  });

  test('takes numbers of RTC, which are all floats', () => {
    const usage = { input_tokens: 10.0, output_tokens: 5.0, cost: null, model: null };
    assert.equal(line({ usage, seconds: 1.0 }), 'gpt-x · 10 tokens in, 5 out · 1.0 s');
  });

  test('names the engine if no model is known', () => {
    assert.equal(line({ model: undefined, seconds: 12 }), 'litellm · 12 s');
  });

  const TIMES: [number, string][] = [
    [0, '0.0 s'],
    [9.96, '10.0 s'],
    [59.4, '59 s'],
    [59.6, '1 min 0 s'],
    [125, '2 min 5 s']
  ];
  for (const [seconds, shown] of TIMES) {
    test(`writes ${seconds} seconds as ${shown}`, () => {
      assert.equal(line({ seconds }), `gpt-x · ${shown}`);
    });
  }

  const COSTS: [number, string][] = [
    [0, '$0.00'],
    [0.00001, 'under $0.0001'],
    [0.00123, '$0.0012'],
    [2, '$2.00']
  ];
  for (const [cost, shown] of COSTS) {
    test(`writes a cost of ${cost} as ${shown}`, () => {
      assert.equal(line({ usage: { cost } }), `gpt-x · ${shown}`);
    });
  }

  test('keeps what an interrupted or failed reply took', () => {
    assert.equal(line({ state: 'stopped', seconds: 2 }), 'gpt-x · 2.0 s');
    assert.equal(line({ state: 'failed', seconds: 2 }), 'gpt-x · 2.0 s');
  });

  const NOTHING: [string, unknown][] = [
    ['nothing', undefined],
    ['a message of a person', { other: 1 }],
    ['a list', [1]],
    ['a reply that is being written', { persona: { ...DONE, state: 'writing', seconds: 1 } }],
    ['a part that is not the last', { persona: DONE }],
    ['a request for permission', { persona: { ...DONE, kind: 'permission', seconds: 1 } }],
    ['no state', { persona: { ...DONE, state: 1, seconds: 1 } }],
    ['numbers that are none', { persona: { ...DONE, seconds: 'x', usage: { cost: NaN } } }],
    ['negative numbers', { persona: { ...DONE, seconds: -1, usage: { input_tokens: -4 } } }]
  ];
  for (const [what, metadata] of NOTHING) {
    test(`says nothing of ${what}`, () => {
      assert.deepEqual(readFacts(metadata), []);
    });
  }
});

group('usageFacts', () => {
  test('says context, cost and tokens, each if it is known', () => {
    const usage = {
      input_tokens: 12_000,
      output_tokens: 56,
      cost: null,
      context_used: 25_600,
      context_size: 128_000
    };
    const said = usageFacts(usage).map(({ text }) => text);
    assert.deepEqual(said, ['context 20% of 128k', '12k tokens in, 56 out']);
    assert.deepEqual(usageFacts(null), []);
    assert.deepEqual(usageFacts({ input_tokens: 0, output_tokens: 0 }), []);
  });
});
