import { ServerConnection } from '@jupyterlab/services';

import { TimedCache } from './cache';
import type { Outcome } from './permission';
import { EMPTY_CATALOG, ICatalog } from './types';

/** How long one answer of the catalog serves the menu, in milliseconds. */
const CATALOG_LIFETIME = 1000;

/** The calls that the menu and the buttons make; a failure never breaks the chat. */
export class PersonaClient {
  /** Personas and commands for one chat; empty when the server cannot tell. */
  catalog(path: string): Promise<ICatalog> {
    return this.catalogs.get(path);
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
