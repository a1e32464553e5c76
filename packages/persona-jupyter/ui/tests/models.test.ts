import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findModels } from '../src/models';

const MODELS = ['openai/gpt-4o', 'ollama/llama3.1', 'gpt-4o-mini', 'anthropic/claude'];

test('all models without a text', () => {
  assert.deepEqual(findModels(' ', MODELS), MODELS);
});

test('every word counts, in any case and order', () => {
  assert.deepEqual(findModels('4O OPEN', MODELS), ['openai/gpt-4o']);
  assert.deepEqual(findModels('nothing like it', MODELS), []);
});

test('what begins with the text comes first', () => {
  assert.deepEqual(findModels('gpt', MODELS), ['gpt-4o-mini', 'openai/gpt-4o']);
});

test('the list is cut', () => {
  assert.equal(findModels('m', Array.from({ length: 500 }, (_, n) => `m${n}`)).length, 100);
});
