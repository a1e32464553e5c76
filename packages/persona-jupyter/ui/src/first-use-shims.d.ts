/** What first use needs of JupyterLab besides `shims.d.ts`; the declarations are merged. */

declare module '@jupyterlab/application' {
  export interface JupyterFrontEnd {
    readonly commands: {
      execute(id: string, args: Record<string, unknown>): Promise<unknown>;
    };
    readonly serviceManager: {
      readonly contents: {
        addDrive(drive: unknown): void;
        get(path: string, options: { content: boolean }): Promise<{ type: string }>;
      };
      /** Missing where a JupyterLab has none. */
      readonly events?: { readonly stream: import('./events').IEventStream };
    };
  }

  export interface JupyterFrontEndPlugin<T> {
    provides?: unknown;
  }
}

declare module '@lumino/coreutils' {
  /** Names a service that one plugin provides and others ask for. */
  export class Token<T> {
    constructor(name: string, description?: string);
    readonly name: string;
    private readonly provided: T;
  }
}

declare module '@jupyterlab/services' {
  interface IDriveOptions {
    name?: string;
    apiEndpoint: string;
    serverSettings: ServerConnection.ISettings;
  }

  export class Drive {
    constructor(options: IDriveOptions);
    readonly contentProviderRegistry?: { register(id: string, provider: unknown): unknown };
  }

  export class RestContentProvider {
    constructor(options: IDriveOptions);
  }
}

declare module '@jupyter/chat' {
  import type { ReactElement } from 'react';

  export interface IChatModel {
    /** Resolves when the chat's messages are there. */
    readonly ready: Promise<unknown>;
  }

  export interface IMessageContent {
    readonly deleted?: boolean;
  }

  export interface IChatBodyPlaceholderFactory {
    create(props: unknown): ReactElement;
  }
  export const IChatBodyPlaceholderFactory: unknown;

  export function useChatContext(): { model: IChatModel };
}
