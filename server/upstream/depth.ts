/** Whether a value has more than so many levels of objects and lists. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

/** Levels of what servers answer. What is nested some thousand times deeper can be read, but not written as JSON again. */
export const maxDepth = 512;
