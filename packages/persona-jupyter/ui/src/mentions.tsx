import type { ChatCommand, IChatCommandProvider, IInputModel, IUser } from '@jupyter/chat';
import React from 'react';

import { Avatar } from './avatar';
import type { ChatIndex } from './chats';
import {
  canAnswer,
  describe,
  isMentionOf,
  matchPersonas,
  mentionedNames,
  takesPart
} from './matching';
import type { PersonaClient } from './rest';

/** Start of the user name of every persona in a chat. */
const USER_PREFIX = 'persona::';

/** Lists personas in the menu that opens at an @. */
export class MentionProvider implements IChatCommandProvider {
  readonly id = 'persona-jupyter:mentions';

  constructor(
    private readonly client: PersonaClient,
    private readonly chats: ChatIndex
  ) {}

  async listCommandCompletions(input: IInputModel): Promise<ChatCommand[]> {
    if (!input.currentWord?.startsWith('@')) {
      return [];
    }
    this.watch(input);
    const { personas } = await this.client.catalog(this.chats.path(input));
    // Read the word again: the user may have typed on while the server answered.
    // Who was removed from the chat is offered to be added again, and nowhere else.
    const adding = /^\s*\/add\s/i.test(input.value);
    const offered = personas.filter(persona => takesPart(persona) !== adding);
    return matchPersonas(input.currentWord ?? '', offered).map(persona => ({
      name: `@${persona.mention_name}`,
      providerId: this.id,
      icon: <Avatar persona={persona} />,
      description: describe(persona),
      spaceOnAccept: true
    }));
  }

  /** Lets the chat show the names of personas it knows as mentions. */
  async onSubmit(input: IInputModel): Promise<void> {
    const names = mentionedNames(input.value).map(name => name.toLowerCase());
    for (const user of input.chatContext?.users ?? []) {
      if (user.username.startsWith(USER_PREFIX) && names.includes(mentionName(user))) {
        input.addMention?.(user);
      }
    }
  }

  /** Prepare a persona as soon as its name stands in the message, picked or typed. */
  private watch(input: IInputModel): void {
    if (!this.watched.has(input)) {
      this.watched.add(input);
      input.valueChanged.connect(this.prepareMentioned);
    }
  }

  private readonly prepareMentioned = async (input: IInputModel, text: string): Promise<void> => {
    const chatId = this.chats.id(input);
    const names = mentionedNames(text, true);
    if (!chatId || !names.length) {
      return;
    }
    const { personas } = await this.client.catalog(this.chats.path(input));
    for (const { slug } of personas.filter(
      persona => canAnswer(persona) && names.some(name => isMentionOf(persona, name))
    )) {
      const key = `${chatId} ${slug}`;
      if (!this.prepared.has(key)) {
        this.prepared.add(key);
        void this.client.prepare(chatId, slug);
      }
    }
  };

  private readonly watched = new WeakSet<IInputModel>();
  private readonly prepared = new Set<string>();
}

/** As jupyterlab-chat makes it; rows of bots may lack the ready value. */
function mentionName(user: IUser): string {
  const name = user.mention_name ?? user.display_name ?? user.name ?? user.username;
  return name.replace(/ /g, '-').toLowerCase();
}
