import { element } from './dom.ts';

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
