/** What a reply took, as the server notes it in the message's metadata. */

import { field } from './permission';

/** One fact, short for the line and in full for its hint. */
export interface IFact {
  text: string;
  hint: string;
}

/** Kinds of messages that a turn may end with. */
const KINDS = ['reply', 'tools', 'plan'];

/** The facts of a finished reply, in their order; empty while it is written or if none is known. */
export function readFacts(metadata: unknown): IFact[] {
  const note = field(metadata, 'persona');
  const state = field(note, 'state');
  if (typeof state !== 'string' || state === 'writing' || !KINDS.includes(kindOf(note))) {
    return [];
  }
  const usage = field(note, 'usage');
  const took = [
    tokens(number(field(usage, 'input_tokens')), number(field(usage, 'output_tokens'))),
    cost(number(field(usage, 'cost'))),
    time(number(field(note, 'seconds'))),
    context(number(field(usage, 'context_used')), number(field(usage, 'context_size')))
  ].flatMap(fact => (fact ? [fact] : []));
  return took.length ? [...answered(note, usage), ...took] : [];
}

/** What all replies of a persona in a chat took, as the server adds it up; empty if unknown. */
export function usageFacts(usage: unknown): IFact[] {
  return [
    context(number(field(usage, 'context_used')), number(field(usage, 'context_size'))),
    cost(number(field(usage, 'cost'))),
    tokens(number(field(usage, 'input_tokens')), number(field(usage, 'output_tokens')))
  ].flatMap(fact => (fact ? [fact] : []));
}

function kindOf(note: unknown): string {
  const kind = field(note, 'kind');
  return typeof kind === 'string' ? kind : '';
}

function answered(note: unknown, usage: unknown): IFact[] {
  const engine = word(field(note, 'engine'));
  const model = word(field(usage, 'model')) || word(field(note, 'model'));
  const name = model.split('/').pop() || model || engine;
  if (!name) {
    return [];
  }
  const about = [model && `Model ${model}`, engine && `engine ${engine}`].filter(Boolean);
  return [{ text: name, hint: capital(about.join(', ')) }];
}

function tokens(sent: number, received: number): IFact | undefined {
  if (!(sent > 0 || received > 0)) {
    return undefined;
  }
  const [into, out] = [sent || 0, received || 0];
  return {
    text: `${short(into)} tokens in, ${short(out)} out`,
    hint: `${grouped(into)} tokens were sent, ${grouped(out)} came back`
  };
}

function cost(dollars: number): IFact | undefined {
  if (!(dollars >= 0)) {
    return undefined;
  }
  const small = dollars > 0 && dollars < 0.01;
  const shown = small ? dollars.toPrecision(2) : dollars.toFixed(2);
  const text = `$${/e/.test(shown) ? '0.0001' : shown}`;
  return {
    text: dollars > 0 && dollars < 0.0001 ? 'under $0.0001' : text,
    hint: `Cost in US dollars: ${dollars}`
  };
}

function time(seconds: number): IFact | undefined {
  if (!(seconds >= 0)) {
    return undefined;
  }
  const whole = Math.round(seconds);
  let text = `${seconds.toFixed(1)} s`;
  if (whole >= 60) {
    text = `${Math.floor(whole / 60)} min ${whole % 60} s`;
  } else if (seconds >= 10) {
    text = `${whole} s`;
  }
  return { text, hint: `From question to end of the answer: ${seconds} seconds` };
}

function context(used: number, size: number): IFact | undefined {
  if (!(used > 0)) {
    return undefined;
  }
  if (!(size > 0)) {
    return { text: `context ${short(used)}`, hint: `${grouped(used)} tokens of context in use` };
  }
  return {
    text: `context ${Math.round((100 * used) / size)}% of ${short(size)}`,
    hint: `${grouped(used)} of ${grouped(size)} tokens of context in use`
  };
}

function short(count: number): string {
  if (count < 10_000) {
    return grouped(count);
  }
  return count < 999_500 ? `${Math.round(count / 1000)}k` : `${(count / 1e6).toFixed(1)}M`;
}

export function grouped(count: number): string {
  // toLocaleString would take a quarter of a millisecond each time, in every footer of a chat.
  return String(Math.round(count)).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** NaN for whatever is no number: a chat file may hold anything. */
function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : NaN;
}

function word(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
