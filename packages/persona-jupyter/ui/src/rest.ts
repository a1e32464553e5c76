import { ServerConnection } from '@jupyterlab/services';

import { TimedCache } from './cache';
import { EMPTY_CATALOG, ICatalog } from './types';

/** How long one answer of the catalog serves the menu, in milliseconds. */
const CATALOG_LIFETIME = 2000;

/** The calls that the menu and the stop button make; a failure never breaks the chat. */
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
    const settings = ServerConnection.makeSettings();
    const url = `${settings.baseUrl}api/personas${tail}`;
    try {
      const response = await ServerConnection.makeRequest(url, init, settings);
      if (!response.ok) {
        throw new Error(`${response.status} ${response.statusText}`);
      }
      return (await response.json()) as T;
    } catch (error) {
      this.warn(url, error);
      return undefined;
    }
  }

  private warn(url: string, error: unknown): void {
    if (!this.warned) {
      this.warned = true;
      console.warn(`Personas: ${url} failed:`, error);
    }
  }

  private readonly catalogs = new TimedCache(
    (path: string) => this.loadCatalog(path),
    CATALOG_LIFETIME
  );
  private warned = false;
}
