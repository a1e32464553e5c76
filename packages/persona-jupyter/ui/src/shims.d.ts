/**
 * The parts of JupyterLab and of jupyterlab-chat that this extension uses.
 *
 * JupyterLab provides these modules when the extension runs. Declaring the few
 * names here keeps their packages, and all that those need, out of the build.
 */

declare module '@jupyterlab/application' {
  export interface JupyterFrontEnd {
    readonly name: string;
  }

  export interface JupyterFrontEndPlugin<T> {
    id: string;
    description: string;
    autoStart: boolean;
    requires: unknown[];
    optional?: unknown[];
    activate: (app: JupyterFrontEnd, ...services: never[]) => T;
  }
}

declare module '@jupyterlab/services' {
  export namespace ServerConnection {
    interface ISettings {
      readonly baseUrl: string;
    }
    function makeSettings(): ISettings;
    function makeRequest(url: string, init: RequestInit, settings: ISettings): Promise<Response>;
  }
}

declare module '@jupyterlab/ui-components' {
  import type { FunctionComponent } from 'react';

  interface IIcon {
    react: FunctionComponent<{ tag?: 'div' | 'span'; className?: string; elementSize?: 'normal' }>;
  }
  export const caretDownEmptyIcon: IIcon;
  export const checkIcon: IIcon;
  export const stopIcon: IIcon;
}

declare module '@jupyter/chat' {
  import type { FunctionComponent, ReactElement, ReactNode } from 'react';

  export interface ISignal<Sender, Args> {
    connect(slot: (sender: Sender, args: Args) => void): boolean;
    disconnect(slot: (sender: Sender, args: Args) => void): boolean;
  }

  export interface IUser {
    username: string;
    name?: string;
    display_name?: string;
    mention_name?: string;
    bot?: boolean;
  }

  export interface IInputModel {
    readonly chatContext?: { readonly name: string; readonly users: IUser[] };
    readonly currentWord: string | null;
    readonly cursorIndex: number | null;
    value: string;
    readonly valueChanged: ISignal<IInputModel, string>;
    readonly metadataChanged?: ISignal<IInputModel, unknown>;
    getMetadata?(): unknown;
    updateMetadata?(metadata: Record<string, unknown>): void;
    addMention?(user: IUser): void;
    focus(): void;
  }

  export interface IChatModel {
    readonly id: string | undefined;
    readonly name: string;
    readonly input?: IInputModel;
    readonly user?: IUser;
    readonly messages: readonly { readonly content: IMessageContent }[];
    readonly messagesUpdated: ISignal<IChatModel, void>;
    readonly sharedModel?: { readonly changed: ISignal<unknown, ISharedChange> };
    sendMessage(message: { body: string }): unknown;
    readonly writers: { user: IUser }[];
    readonly writersChanged?: ISignal<IChatModel, unknown>;
  }

  export interface ISharedChange {
    metadataChanges?: readonly unknown[];
    userChanges?: readonly unknown[];
  }

  export interface ChatCommand {
    name: string;
    providerId: string;
    icon?: ReactElement | string | null;
    description?: string;
    replaceWith?: string;
    spaceOnAccept?: boolean;
  }

  export interface IChatCommandProvider {
    id: string;
    listCommandCompletions(input: IInputModel): Promise<ChatCommand[]>;
    onSubmit(input: IInputModel): Promise<void>;
  }

  export interface IChatCommandRegistry {
    addProvider(provider: IChatCommandProvider): void;
  }
  export const IChatCommandRegistry: unknown;

  export interface IMessageContent {
    id: string;
    metadata?: unknown;
  }

  export interface IMessagePreambleProps {
    model: IChatModel;
    message: IMessageContent;
  }

  export interface IMessagePreambleRegistry {
    addComponent(component: FunctionComponent<IMessagePreambleProps>): void;
  }
  export const IMessagePreambleRegistry: unknown;

  export interface IToolbarItemProps {
    model: IInputModel;
    chatModel?: IChatModel;
    edit?: boolean;
  }

  export interface IInputToolbarRegistry {
    addItem(
      name: string,
      item: { element: FunctionComponent<IToolbarItemProps>; position: number }
    ): void;
  }

  export interface IInputToolbarRegistryFactory {
    create: () => IInputToolbarRegistry;
  }
  export const IInputToolbarRegistryFactory: unknown;

  export const TooltippedIconButton: FunctionComponent<{
    onClick: () => void;
    tooltip: string;
    disabled?: boolean;
    buttonProps?: {
      title?: string;
      className?: string;
      onFocus?: () => void;
      onBlur?: () => void;
    };
    'aria-label'?: string;
    children?: ReactNode;
  }>;
}
