import { ServerConnection } from '@jupyterlab/services';

import { TimedCache } from './cache';
import type { IPersona } from './types';

/** How long one answer serves all who ask, in milliseconds; events are told to them at once. */
const SHARED = 20;

/** A persona with what the controls need beside what the menus do. */
export interface IPickerPersona extends IPersona {
  /** What was changed in this chat, by dotted path. */
  changed?: Record<string, unknown>;
}

/** The catalog, with what decides who answers. */
export interface IPickerCatalog {
  personas: IPickerPersona[];
  default: string | null;
  last_addressed: string | null;
  /** The people who have written here: user name → name shown. */
  people: Record<string, string>;
}

export interface IChoice {
  id: string;
  name: string;
}

export interface IOption {
  key: string;
  value: unknown;
  changed: boolean;
  description: string;
  choices: IChoice[];
}

/** What can be chosen for one persona. */
export interface IChoices {
  engine: string;
  model: string | null;
  engines: { id: string; distribution: string }[];
  models: string[];
  modes: IChoice[];
  options: IOption[];
  /** What its replies in this chat took, by the names that a reply's own note has. */
  usage?: unknown;
}

/** The server refused, or does not answer; the message is for people. */
export class Refused extends Error {}

/** The calls of the picker. All of them throw `Refused`. */
export class BlockClient {
  async catalog(path: string): Promise<IPickerCatalog> {
    const answer = (await this.catalogs.get(`?${query({ path })}`)) as Partial<IPickerCatalog>;
    return {
      personas: answer.personas ?? [],
      default: answer.default ?? null,
      last_addressed: answer.last_addressed ?? null,
      people: answer.people ?? {}
    };
  }

  choices(path: string, slug: string): Promise<IChoices> {
    return this.send<IChoices>('GET', `/choices?${query({ path, slug })}`);
  }

  /** Get the engine of a persona ready; done when it has told what can be set. */
  async prepare(chatId: string, slug: string): Promise<void> {
    await this.send('POST', '/prepare', { chat_id: chatId, slug, wait: true });
  }

  async change(chatId: string, slug: string, values: Record<string, unknown>): Promise<void> {
    await this.send('PATCH', '/blocks', { chat_id: chatId, slug, values });
  }

  /** Take all changes of a persona back. */
  async reset(chatId: string, slug: string): Promise<void> {
    await this.send('DELETE', '/blocks', { chat_id: chatId, slug });
  }

  protected readonly catalogs = new TimedCache<unknown>(tail => this.send('GET', tail), SHARED);

  protected async send<T>(method: string, tail: string, body?: unknown): Promise<T> {
    const settings = ServerConnection.makeSettings();
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    let response: Response;
    try {
      const url = `${settings.baseUrl}api/personas${tail}`;
      response = await ServerConnection.makeRequest(url, init, settings);
    } catch {
      throw new Refused('The server does not answer. Try again.');
    }
    const answer: unknown = await response.json().catch(() => undefined);
    if (!response.ok) {
      const { message } = (answer ?? {}) as { message?: unknown };
      throw new Refused(typeof message === 'string' && message ? message : response.statusText);
    }
    return answer as T;
  }
}

function query(values: Record<string, string>): string {
  return new URLSearchParams(values).toString();
}
