import { ServerConnection } from '@jupyterlab/services';

import { TimedCache } from './cache';
import type { ICarried, Refusal } from './carried';
import type { Outcome } from './permission';
import type { Decision, ITrust } from './trust';
import { EMPTY_CATALOG, ICatalog, ICompletion } from './types';

/** How long one answer of the catalog serves the menu, in milliseconds. */
const CATALOG_LIFETIME = 1000;

/** The calls that the menu and the buttons make; a failure never breaks the chat. */
export class PersonaClient {
  /** Personas and commands for one chat; empty when the server cannot tell. */
  catalog(path: string): Promise<ICatalog> {
    return this.catalogs.get(path);
  }

  /** How the last word of a command goes on; empty when the server cannot tell. */
  async completions(path: string, text: string): Promise<ICompletion[]> {
    const query = new URLSearchParams({ path, text }).toString();
    const answer = await this.request<{ completions?: ICompletion[] }>(`/completions?${query}`, {
      method: 'GET'
    });
    return answer?.completions ?? [];
  }

  /** Ask the server to import the engine of a persona before its first message. */
  async prepare(chatId: string, slug: string): Promise<void> {
    await this.post('prepare', { chat_id: chatId, slug });
  }

  /** Stop what the personas of one chat are doing. */
  async stop(chatId: string): Promise<void> {
    await this.post('stop', { chat_id: chatId });
  }

  /** Answer a persona's request for permission, named by its message. */
  async decide(chatId: string, message: string, option: string): Promise<Outcome> {
    const body = JSON.stringify({ chat_id: chatId, request: message, option });
    const response = await this.send('/permission', { method: 'POST', body });
    if (response?.ok) {
      return 'sent';
    }
    return response && [404, 409].includes(response.status) ? 'too-late' : 'failed';
  }

  /** Save a persona that only the chat brings, as it was shown. */
  async save(chatId: string, { slug, seal }: ICarried): Promise<Refusal> {
    const body = JSON.stringify({ chat_id: chatId, slug, seal });
    const response = await this.send('/save', { method: 'POST', body });
    if (!response) {
      return 'The server does not answer. Try again.';
    }
    return response.ok ? null : `Not saved. ${await reason(response)}`;
  }

  /** Decide whether a project's persona may run what was shown. */
  async trust(chatId: string, { slug, seal }: ITrust, decision: Decision): Promise<Refusal> {
    const body = JSON.stringify({ chat_id: chatId, slug, seal, decision });
    const response = await this.send('/trust', { method: 'POST', body });
    if (!response) {
      return 'The server does not answer. Try again.';
    }
    return response.ok ? null : `Not done. ${await reason(response)}`;
  }

  private async loadCatalog(path: string): Promise<ICatalog> {
    const query = new URLSearchParams({ path }).toString();
    const answer = await this.request<Partial<ICatalog>>(`?${query}`, { method: 'GET' });
    return { ...EMPTY_CATALOG, ...answer };
  }

  private async post(call: string, body: Record<string, string>): Promise<void> {
    await this.request(`/${call}`, { method: 'POST', body: JSON.stringify(body) });
  }

  /** Undefined after a failure, which is told once in the console. */
  private async request<T>(tail: string, init: RequestInit): Promise<T | undefined> {
    const response = await this.send(tail, init);
    if (!response) {
      return undefined;
    }
    try {
      if (!response.ok) {
        throw new Error(`${response.status} ${response.statusText}`);
      }
      return (await response.json()) as T;
    } catch (error) {
      this.warn(tail, error);
      return undefined;
    }
  }

  /** Undefined when the server does not answer. */
  private async send(tail: string, init: RequestInit): Promise<Response | undefined> {
    const settings = ServerConnection.makeSettings();
    try {
      return await ServerConnection.makeRequest(
        `${settings.baseUrl}api/personas${tail}`,
        init,
        settings
      );
    } catch (error) {
      this.warn(tail, error);
      return undefined;
    }
  }

  private warn(tail: string, error: unknown): void {
    if (!this.warned) {
      this.warned = true;
      console.warn(`Personas: api/personas${tail} failed:`, error);
    }
  }

  private readonly catalogs = new TimedCache(
    (path: string) => this.loadCatalog(path),
    CATALOG_LIFETIME
  );
  private warned = false;
}

/** Why the server refused, as it says itself. */
async function reason(response: Response): Promise<string> {
  try {
    const { message } = (await response.json()) as { message?: unknown };
    return typeof message === 'string' ? message : response.statusText;
  } catch {
    return response.statusText;
  }
}
