/** Waits until something is so. */
export async function until(what: string, isSo: () => Promise<boolean> | boolean, seconds = 30): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await isSo())) {
    if (Date.now() > end) {
      throw new Error(`Waited ${seconds} seconds, and still not: ${what}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
