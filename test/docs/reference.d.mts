/** The reference as Markdown. */
export function reference(): string;
/** What stands in the README now. */
export function referenceInReadme(): string;
