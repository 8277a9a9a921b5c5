/** The list that most of these servers hold: text that must survive, numbers, nested things. */
export interface Item {
  readonly id: string;
  readonly title: string;
  readonly price: number;
  readonly owner: { readonly id: number; readonly tags: readonly string[] };
  readonly parent: string | null;
}

export const items: readonly Item[] = Array.from({ length: 237 }, (_, index) => ({
  id: `item-${String(index + 1).padStart(4, '0')}`,
  title: `Thing ${index + 1} – “${'äπ\u2028"\\'[index % 5]}” ${'🚀'.repeat(index % 3)}`,
  price: index * 1.25,
  owner: { id: index % 7, tags: ['a', `t${index % 11}`] },
  parent: index % 4 === 0 ? null : `item-${String(index).padStart(4, '0')}`,
}));
