import assert from 'node:assert/strict';
import { describe as group, test } from 'node:test';

import { OpenStates } from '../src/open-states';
import { mayReport, readArguments, readReport } from '../src/report';

const CALL = { id: '1', title: 'edit', status: 'in_progress' };

function tools(calls: unknown, state = 'writing'): unknown {
  return { persona: { kind: 'tools', state, calls } };
}

function call(more: Record<string, unknown>, state = 'writing') {
  const report = readReport(tools([{ ...CALL, ...more }], state));
  assert.equal(report?.kind, 'tools');
  return report.kind === 'tools' ? report.calls[0] : undefined;
}

group('readReport', () => {
  test('reads a call with all that is known of it', () => {
    const diff = { path: 'a.py', open: 'x/a.py', is_new: true, added: 2.0, removed: 0.0 };
    const found = call({
      status: 'completed',
      kind: 'edit',
      server: 'web',
      input: '{}',
      output: 'ok',
      diffs: [{ ...diff, text: '@@ -0,0 +1,2 @@\n+a\n+b', hidden: 3.0 }],
      locations: [{ path: 'a.py', line: 7.0, open: 'x/a.py' }, { path: '/b' }],
      hidden: { output: 12.0 }
    });
    assert.deepEqual(found, {
      id: '1',
      title: 'edit',
      kind: 'edit',
      status: 'completed',
      server: 'web',
      input: '{}',
      output: 'ok',
      diffs: [
        {
          path: 'a.py',
          open: 'x/a.py',
          isNew: true,
          added: 2,
          removed: 0,
          lines: ['@@ -0,0 +1,2 @@', '+a', '+b'],
          hidden: 3
        }
      ],
      locations: [{ path: 'a.py', line: 7, open: 'x/a.py' }, { path: '/b' }],
      hidden: { input: 0, output: 12, diffs: 0, locations: 0 }
    });
  });

  test('takes a kind that it does not know for another', () => {
    for (const kind of [undefined, 'dance', 3, 'constructor']) {
      assert.equal(call({ kind })?.kind, 'other');
    }
    assert.equal(call({ kind: 'switch_mode' })?.kind, 'switch_mode');
  });

  test('says that a call did not finish if the message is no longer written', () => {
    assert.equal(call({})?.status, 'in_progress');
    assert.equal(call({}, 'failed')?.status, 'unfinished');
    assert.equal(call({ status: 'completed' }, 'failed')?.status, 'completed');
  });

  test('leaves out calls that are none, and bounds what is drawn', () => {
    const calls = [null, 1, { id: 1 }, { ...CALL, status: 'x' }, CALL];
    assert.equal(call({ output: 'x'.repeat(1_000_000) })?.output.length, 24_000);
    const report = readReport(tools([...calls, ...Array(1000).fill(CALL)]));
    assert.equal(report?.kind === 'tools' && report.calls.length, 96);
  });

  test('reads the steps of a plan', () => {
    const plan = [{ content: 'a', status: 'completed' }, { content: 'b', status: '?' }, {}];
    assert.deepEqual(readReport({ persona: { kind: 'plan', state: 'complete', plan } }), {
      kind: 'plan',
      steps: [
        { content: 'a', status: 'completed' },
        { content: 'b', status: 'pending' }
      ]
    });
  });

  const THOUGHTS: [string, unknown, string][] = [
    ['writing', undefined, 'Thinking…'],
    ['writing', 4.2, 'Thought for 4 s'],
    ['complete', 0.2, 'Thought briefly'],
    ['complete', 125, 'Thought for 2 min 5 s'],
    ['failed', undefined, 'Thought'],
    ['complete', 'x', 'Thought']
  ];
  for (const [state, seconds, title] of THOUGHTS) {
    test(`calls a thought of ${seconds} seconds, ${state}, "${title}"`, () => {
      const thought = { text: 'Hm.', seconds };
      const report = readReport({ persona: { kind: 'thought', state, thought } });
      assert.equal(report?.kind === 'thought' && report.title, title);
    });
  }

  const NOTHING: [string, unknown][] = [
    ['nothing', undefined],
    ['a reply', { persona: { kind: 'reply', calls: [CALL] } }],
    ['a report of an older version', { persona: { kind: 'tools', state: 'complete' } }],
    ['calls that are no list', tools({ length: 1 })],
    ['an empty plan', { persona: { kind: 'plan', plan: [] } }],
    ['an empty thought', { persona: { kind: 'thought', thought: { text: ' \n' } } }]
  ];
  for (const [what, metadata] of NOTHING) {
    test(`leaves ${what} to its Markdown`, () => {
      assert.equal(readReport(metadata), undefined);
    });
  }

  test('asks only reports for more', () => {
    assert.equal(mayReport({ persona: { kind: 'reply' } }), false);
    assert.equal(mayReport(null), false);
    assert.equal(mayReport(tools([])), true);
  });
});

group('readArguments', () => {
  test('gives text as it is and the rest as JSON', () => {
    assert.deepEqual(readArguments('{"a": "x\\ny", "b": [1, 2]}'), [
      ['a', 'x\ny'],
      ['b', '[\n 1,\n 2\n]']
    ]);
  });

  test('gives nothing for what was cut or is no object', () => {
    for (const input of ['{"a": "x', '[1]', 'null', '"x"']) {
      assert.equal(readArguments(input), undefined);
    }
  });
});

group('OpenStates', () => {
  test('keeps what was opened, and that something was reached', () => {
    const states = new OpenStates();
    assert.equal(states.get('a'), false);
    assert.equal(states.get('a', true), true);
    states.set('a', false);
    assert.equal(states.get('a', true), false);
    assert.equal(states.touched('a'), true);
    assert.equal(states.touched('b'), false);
  });

  test('forgets the oldest first', () => {
    const states = new OpenStates();
    for (let number = 0; number < 2_500; number++) {
      states.set(String(number), true);
    }
    assert.equal(states.touched('499'), false);
    assert.equal(states.touched('500'), true);
  });
});
