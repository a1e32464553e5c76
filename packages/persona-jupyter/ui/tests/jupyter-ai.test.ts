import assert from 'node:assert/strict';
import { beforeEach, describe as group, test } from 'node:test';

import type { IInputModel } from '@jupyter/chat';

import { SaidToUs, isForUs } from '../src/jupyter-ai';
import type { ICatalog, IPersona } from '../src/types';

const ECHO = 'jupyter-ai-personas::echo_persona::EchoPersona';
const OWL = 'jupyter-ai-personas::owl_persona::OwlPersona';

const ADA: IPersona = {
  id: 'persona::ada',
  slug: 'ada',
  name: 'Ada',
  names: ['Ada', 'ada'],
  mention_name: 'Ada',
  description: null,
  avatar_url: null,
  engine: 'litellm',
  model: null,
  state: 'ready',
  detail: null
};
const CATALOG: ICatalog = {
  personas: [ADA],
  commands: [{ name: '/model', description: 'Show or change the model' }]
};

/** An input as jupyterlab-chat has it, as far as it matters here. */
class Input {
  sent: unknown[] = [];
  open = true;
  private metadata: Record<string, unknown> = {};
  private text = '';
  private readonly slots = new Set<(input: this, text: string) => void>();

  readonly valueChanged = {
    connect: (slot: (input: this, text: string) => void) => this.slots.add(slot),
    disconnect: (slot: (input: this, text: string) => void) => this.slots.delete(slot)
  };

  get value(): string {
    return this.text;
  }

  set value(text: string) {
    this.text = text;
    [...this.slots].forEach(slot => slot(this, text));
  }

  get listening(): number {
    return this.slots.size;
  }

  getMetadata(): Record<string, unknown> {
    return this.metadata;
  }

  updateMetadata(more: Record<string, unknown>): void {
    this.metadata = { ...this.metadata, ...more };
  }

  async send(provider: SaidToUs, text: string): Promise<void> {
    this.value = text;
    await provider.onSubmit(this as unknown as IInputModel);
    if (this.open) {
      this.sent.push(this.metadata.to_persona);
      this.value = '';
    }
  }
}

group('isForUs', () => {
  const ROWS: [string, boolean][] = [
    ['@Ada hello', true],
    ['hello @ada', true],
    ['hello', false],
    ['@Adam hello', false],
    ['`@Ada` is a name', false],
    ['/model @Ada x', true],
    ['  /Model', true],
    ['/models', false],
    ['/compact @Ada', false],
    ['what is /model?', false]
  ];
  for (const [text, expected] of ROWS) {
    test(`${text}: ${expected}`, () => assert.equal(isForUs(text, CATALOG), expected));
  }
});

group('SaidToUs', () => {
  let input: Input;
  let asked: number;
  let provider: SaidToUs;

  beforeEach(() => {
    input = new Input();
    asked = 0;
    const client = { catalog: async () => ((asked += 1), CATALOG) };
    provider = new SaidToUs(client, { path: () => 'a.chat' });
  });

  test('takes the stamp off what is for us, and gives it back', async () => {
    input.updateMetadata({ to_persona: ECHO, to: 'ada' });
    await input.send(provider, '@Ada hello');
    await input.send(provider, 'hello');
    assert.deepEqual(input.sent, [null, ECHO]);
    assert.deepEqual(input.getMetadata(), { to_persona: ECHO, to: 'ada' });
    assert.equal(input.listening, 0);
  });

  test('asks nothing where nobody is stamped or nobody can be meant', async () => {
    await input.send(provider, '@Ada hello');
    input.updateMetadata({ to_persona: ECHO });
    await input.send(provider, 'hello');
    assert.equal(asked, 0);
    assert.deepEqual(input.sent, [undefined, ECHO]);
  });

  test('gives it back when the message was not sent and is another one now', async () => {
    input.updateMetadata({ to_persona: ECHO });
    input.open = false;
    await input.send(provider, '@Ada hello');
    await input.send(provider, '@Ada hello');
    input.open = true;
    await input.send(provider, 'hello, you');
    assert.deepEqual(input.sent, [ECHO]);
    assert.equal(input.listening, 0);
  });

  test('keeps what was picked meanwhile', async () => {
    input.updateMetadata({ to_persona: ECHO });
    input.open = false;
    await input.send(provider, '@Ada hello');
    input.updateMetadata({ to_persona: OWL });
    input.value = '';
    assert.equal(input.getMetadata().to_persona, OWL);
  });
});
