export function median(values: readonly number[]): number;
export function round(value: number, digits?: number): number;
export function significant(value: number): number;
