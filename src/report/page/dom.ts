/** Elements, made by code alone: text goes in as text, so nothing of it is ever read as HTML. */

export type Child = Node | string | null;

interface Attributes {
  readonly class?: string;
  readonly title?: string;
  readonly [name: `aria-${string}` | `data-${string}`]: string;
  readonly id?: string;
  readonly role?: string;
  readonly tabindex?: string;
  readonly type?: string;
  readonly scope?: string;
  readonly for?: string;
  readonly inputmode?: string;
  readonly value?: string;
  readonly href?: string;
  readonly open?: string;
}

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/**
 * A table that a small screen scrolls sideways.
 *
 * @param columns their names; that of a column of numbers has a # before it
 */
export function table(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly Child[])[],
  isNarrow = false,
): HTMLElement {
  const classOf = (column: string): { class: string } => ({
    class: column.startsWith('#') ? 'number' : '',
  });
  return element(
    'div',
    {
      class: isNarrow ? 'scroll narrow' : 'scroll',
      tabindex: '0',
      role: 'region',
      'aria-label': caption,
    },
    element(
      'table',
      {},
      element('caption', { class: 'hidden' }, caption),
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          ...columns.map((column) =>
            element('th', { scope: 'col', ...classOf(column) }, column.replace('#', '')),
          ),
        ),
      ),
      element(
        'tbody',
        {},
        ...rows.map((cells) =>
          element('tr', {}, ...cells.map((cell, at) => element('td', classOf(columns[at]!), cell))),
        ),
      ),
    ),
  );
}

/** What is behind a click; made when it is first opened, and again by `refresh`. */
export function details(summary: string, make: () => Node): HTMLElement & { refresh(): void } {
  const body = element('div');
  const made = element('details', {}, element('summary', {}, summary), body);
  const refresh = (): void => {
    if (made.open) body.replaceChildren(make());
  };
  made.addEventListener('toggle', refresh);
  return Object.assign(made, { refresh });
}

export function section(id: string, title: string, ...children: readonly Child[]): HTMLElement {
  const heading = element('h2', { id }, title);
  return element('section', { 'aria-labelledby': id }, heading, ...children);
}

/** A remark under a heading. */
export function remark(text: string): HTMLElement {
  return element('p', { class: 'muted' }, text);
}

/** A time that shows itself in the plots. */
export function jump(text: string, show: () => void): HTMLElement {
  const made = element(
    'button',
    { type: 'button', class: 'jump', title: 'show this in the plots' },
    text,
  );
  made.addEventListener('click', () => {
    show();
    document.getElementById('over-time')?.scrollIntoView();
  });
  return made;
}
