/** The question whether a project's persona may run what it names, as the server notes it. */

import { field } from './permission';

export type Decision = 'version' | 'project' | 'later';

export interface ITrust {
  slug: string;
  name: string;
  /** The server's word that it has shown what would run, as it was then. */
  seal: string;
  /** What can be decided. */
  choices: Decision[];
}

export const DECISIONS: Record<Decision, string> = {
  version: 'Trust this version',
  project: 'Trust this project',
  later: 'Not now'
};

const SLUG = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;

/** The question that a message asks; undefined if none or not any more. */
export function readTrust(metadata: unknown): ITrust | undefined {
  const note = field(metadata, 'persona');
  const trust = field(note, 'trust');
  const slug = field(trust, 'slug');
  const seal = field(trust, 'seal');
  const choices = field(trust, 'choices');
  if (field(note, 'kind') !== 'trust' || field(note, 'state') !== 'asked') {
    return undefined;
  }
  if (typeof slug !== 'string' || !SLUG.test(slug) || typeof seal !== 'string') {
    return undefined;
  }
  const known = (Object.keys(DECISIONS) as Decision[]).filter(
    choice => Array.isArray(choices) && choices.includes(choice)
  );
  const name = field(trust, 'name');
  const shown = typeof name === 'string' && name.trim() ? name.trim() : slug;
  return known.length ? { slug, seal, name: shown, choices: known } : undefined;
}
