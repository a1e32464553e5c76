/** Brings a question; whether it could, as it may be drawn where nobody sees it. */
export type Bring = () => boolean;

/** Brings a question that is asked in the chat before the person who wants to see it. */
export class TrustQuestions {
  /** Show the question of a message, now or as soon as it is drawn. */
  show(message: string): void {
    const isShown = Array.from(this.drawn.get(message) ?? []).some(bring => bring());
    this.wanted = isShown ? undefined : message;
  }

  /** Say how a question that was drawn is brought; returns how to stop that. */
  draw(message: string, bring: Bring): () => void {
    const all = this.drawn.get(message) ?? new Set();
    this.drawn.set(message, all.add(bring));
    if (this.wanted === message && bring()) {
      this.wanted = undefined;
    }
    return () => {
      all.delete(bring);
      if (!all.size) {
        this.drawn.delete(message);
      }
    };
  }

  private wanted: string | undefined;
  private readonly drawn = new Map<string, Set<Bring>>();
}
