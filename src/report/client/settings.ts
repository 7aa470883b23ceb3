import { formatCount } from '../../../cache/count-text.js';
import { byId, tellBytes } from './elements.js';

const THEME_KEY = 's3logextraction-theme';

/** Colours, and exact numbers of bytes. */
export function startSettings(): void {
  const radios = [...document.querySelectorAll<HTMLInputElement>('input[name=theme]')];
  const saved = savedTheme();
  for (const radio of radios) {
    if (radio.value === saved) radio.checked = true;
    radio.addEventListener('change', () => setTheme(radio.value));
  }
  if (saved !== null) setTheme(saved);
  const exact = byId<HTMLInputElement>('exact');
  const tellAll = (): void => {
    document.documentElement.toggleAttribute('data-exact', exact.checked);
    for (const node of document.querySelectorAll('data')) tellBytes(node);
    document.dispatchEvent(new Event('exact'));
  };
  // A browser may have kept the box checked when the page is loaded again.
  if (exact.checked) tellAll();
  exact.addEventListener('change', tellAll);
  document.addEventListener('mouseover', ({ target }) => {
    if (target instanceof HTMLDataElement)
      target.title = `${formatCount(BigInt(target.value))} bytes`;
  });
}

function setTheme(theme: string): void {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(THEME_KEY, theme);
  } catch {
    // Not to be had for files in some browsers: then it is chosen anew each time.
  }
}

function savedTheme(): string | null {
  try {
    return localStorage.getItem(THEME_KEY);
  } catch {
    return null;
  }
}
