import assert from 'node:assert/strict';
import { describe as group, test } from 'node:test';

import { TrustQuestions } from '../src/trust-questions';

group('TrustQuestions', () => {
  test('brings what is drawn at once, and once', () => {
    const questions = new TrustQuestions();
    const brought: string[] = [];
    for (const name of ['a', 'b', 'b']) {
      questions.draw(name, () => brought.push(name) > 0);
    }
    assert.equal(brought.join(), '');
    questions.show('b');
    assert.equal(brought.join(), 'b');
    questions.draw('b', () => brought.push('late') > 0);
    assert.equal(brought.join(), 'b');
  });

  test('waits for what is not drawn yet, or where nobody sees it', () => {
    const questions = new TrustQuestions();
    const brought: string[] = [];
    const stop = questions.draw('a', () => false);
    questions.show('a');
    stop();
    questions.draw('a', () => brought.push('now') > 0);
    assert.deepEqual(brought, ['now']);
  });

  test('forgets what is not drawn any more', () => {
    const questions = new TrustQuestions();
    questions.draw('a', () => assert.fail())();
    questions.show('a');
  });
});
