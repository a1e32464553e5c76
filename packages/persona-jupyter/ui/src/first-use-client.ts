import { ServerConnection } from '@jupyterlab/services';

import type { IPersonaFile } from './persona-files';
import type { IPersona } from './types';

/** Who is there in a chat. */
export interface IPresent {
  personas: IPersona[];
  /** Short name of who answers where nobody is mentioned. */
  default: string | null;
}

/** A persona that was made. */
export interface IMade extends IPersonaFile {
  slug: string;
  name: string;
}

/** The calls of first use. */
export class FirstUseClient {
  /** Who is there now; undefined if the server cannot tell. */
  async present(path: string): Promise<IPresent | undefined> {
    const query = new URLSearchParams({ path }).toString();
    try {
      const response = await send(`?${query}`, { method: 'GET' });
      return response.ok ? ((await response.json()) as IPresent) : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * Make a persona in the chat's project.
   *
   * Rejects with what to tell the user.
   */
  async create(chatId: string, name: string): Promise<IMade> {
    const body = JSON.stringify({ chat_id: chatId, name });
    let response: Response;
    try {
      response = await send('/new', { method: 'POST', body });
    } catch {
      throw new Error('The server does not answer. Try again.');
    }
    const answer = (await response.json().catch(() => ({}))) as IMade & { message?: string };
    if (!response.ok) {
      throw new Error(answer.message || response.statusText);
    }
    return answer;
  }
}

function send(tail: string, init: RequestInit): Promise<Response> {
  const settings = ServerConnection.makeSettings();
  return ServerConnection.makeRequest(`${settings.baseUrl}api/personas${tail}`, init, settings);
}
