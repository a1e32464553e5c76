/** Most models that the list shows; more words find the others. */
const ROWS = 100;

/** The models that hold every word of a text, those that begin with it first. */
export function findModels(text: string, models: readonly string[]): string[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = models.filter(model => words.every(word => model.toLowerCase().includes(word)));
  const first = found.filter(model => model.toLowerCase().startsWith(words[0] ?? ''));
  return [...first, ...found.filter(model => !first.includes(model))].slice(0, ROWS);
}
