/** Who will answer a message: the rules of the server, for the text that is being written. */

import { canAnswer, isHere } from './matching';
import type { IPersona } from './types';

/** What is stamped on messages of a person who wants no answer. */
export const NO_ONE = '';

export interface ISituation {
  personas: readonly IPersona[];
  /** Short name that was picked, or `NO_ONE`. */
  picked: string | undefined;
  lastAddressed: string | null;
  defaultPersona: string | null;
  /** Names of the people in the chat. */
  people: readonly string[];
  /** Whether several people write here, who talk to each other. */
  several: boolean;
}

/** The rule that decided. */
export type Why =
  | 'mentioned'
  | 'picked'
  | 'last'
  | 'default'
  | 'unknown-mention'
  | 'person'
  | 'several-people'
  | 'no-one'
  | 'nobody'
  | 'no-personas';

export interface IAnswerers {
  slugs: readonly string[];
  why: Why;
}

const FENCE =
  /^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?(?<fence>`{3,}|~{3,})[\s\S]*?(?:^[ \t>]*\k<fence>[`~]*\s*$|(?![\s\S]))/gm;
const SPAN = /(?<!`)(?<ticks>`+)(?!`)(?:(?!\n[ \t]*\n)[\s\S])+?(?<!`)\k<ticks>(?!`)/g;
const LINK_TARGET = /\]\([^()[\]\s]*\)|<?https?:\/\/\S+/g;
const AT = /(?<![\p{L}\p{N}_@./+-])@(?=\S)/gu;
const LEADING = /^\s*@([\p{L}\p{N}_-]+)/u;
const CONTINUES = /^(?:[\p{L}\p{N}_]|[.\-@/][\p{L}\p{N}_])/u;

const fold = (text: string): string => text.toLowerCase();
const dashed = (name: string): string => name.replace(/ /g, '-');

/** Decide who answers, as the server does when the message arrives. */
export function whoAnswers(text: string, situation: ISituation): IAnswerers {
  const { picked, several } = situation;
  // What only the chat brings has no name here until it is saved, and who was removed none.
  const known = situation.personas.filter(isHere);
  if (text.includes('@')) {
    const prose = withoutCode(text);
    const slugs = mentioned(prose, known);
    if (slugs.length) {
      return { slugs, why: 'mentioned' };
    }
    const word = LEADING.exec(prose)?.[1];
    if (word && situation.people.some(name => fold(dashed(name)) === fold(word))) {
      return { slugs: [], why: 'person' };
    }
    if (word && !several) {
      return { slugs: [], why: 'unknown-mention' };
    }
  }
  if (picked === NO_ONE) {
    return { slugs: [], why: 'no-one' };
  }
  if (several) {
    return { slugs: [], why: 'several-people' };
  }
  if (!known.length) {
    return { slugs: [], why: 'no-personas' };
  }
  const rules: [string | null | undefined, Why][] = [
    [picked, 'picked'],
    [situation.lastAddressed, 'last'],
    [situation.defaultPersona, 'default']
  ];
  for (const [name, why] of rules) {
    const found =
      known.find(({ slug }) => slug === name) ??
      (name ? known.find(persona => isCalled(persona, name)) : undefined);
    if (found) {
      return { slugs: [found.slug], why };
    }
  }
  return { slugs: [], why: 'nobody' };
}

/** Whether a short name is a persona's, also one that it had before it was renamed. */
export function isCalled({ slug, names }: IPersona, name: string): boolean {
  return slug === name || (names?.includes(name) ?? false);
}

/** Why it is so, in words. */
export function explain(why: Why, names: readonly string[]): string {
  const who = names.length ? names.join(' and ') : 'No one';
  const one = names.length > 1 ? 'answer' : 'answers';
  switch (why) {
    case 'mentioned':
      return `${who} ${one}: mentioned in the message.`;
    case 'picked':
      return `${who} answers: chosen here.`;
    case 'last':
      return `${who} answers: the one last addressed in this chat.`;
    case 'default':
      return `${who} answers: the default here.`;
    case 'no-one':
      return 'No one answers, unless you mention somebody with @.';
    case 'person':
      return 'No one answers: the message is for a person.';
    case 'several-people':
      return 'Several people write here: who is mentioned with @ answers.';
    case 'unknown-mention':
      return 'No one answers: nobody here has the name that you mention.';
    case 'no-personas':
      return 'There is no persona here yet.';
    case 'nobody':
      return 'It is not clear who answers: choose here, or mention somebody with @.';
  }
}

/** What a row says of a persona that is not simply ready; empty if it is. */
export function stateOf(persona: IPersona): string {
  switch (persona.state) {
    case 'ready':
      return '';
    case 'busy':
      return 'is writing';
    case 'waiting':
      return 'waits for permission';
    case 'broken':
      return 'broken';
    case 'carried':
      return 'not saved here';
    case 'untrusted':
      return 'needs your trust';
    case 'login':
      return 'needs a login';
    case 'unavailable':
      return 'not available';
    case 'removed':
      return 'removed from this chat';
  }
}

/** Why a persona cannot be chosen; empty if it can. */
export function reasonAgainst(persona: IPersona): string {
  return canAnswer(persona) ? '' : persona.detail || stateOf(persona);
}

/** The text with code and link targets blanked out. */
function withoutCode(text: string): string {
  return [FENCE, SPAN, LINK_TARGET].reduce(
    (left, pattern) => left.replace(pattern, found => ' '.repeat(found.length)),
    text
  );
}

/** Short names of those who are mentioned, in order, each once; the longest name that fits wins. */
function mentioned(prose: string, personas: readonly IPersona[]): string[] {
  const owners = new Map<string, string>();
  for (const { slug, name, names } of personas) {
    for (const form of (names ?? [name, slug]).flatMap(own => [fold(own), fold(dashed(own))])) {
      if (!owners.has(form)) {
        owners.set(form, slug);
      }
    }
  }
  const forms = [...owners.keys()].sort((a, b) => b.length - a.length);
  const found = Array.from(prose.matchAll(AT)).flatMap(({ index }) => {
    const rest = prose.slice(index + 1);
    const form = forms.find(
      own => fold(rest.slice(0, own.length)) === own && !CONTINUES.test(rest.slice(own.length))
    );
    return form === undefined ? [] : [owners.get(form) ?? ''];
  });
  return [...new Set(found)];
}
