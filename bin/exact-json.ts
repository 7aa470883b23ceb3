/** As `JSON.stringify`, but integers of any size are numbers with all their digits. Members that are undefined are left out. */
export function exactJson(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => exactJson(item ?? null)).join()}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => `${JSON.stringify(name)}:${exactJson(member)}`);
    return `{${members.join()}}`;
  }
  return JSON.stringify(value);
}
