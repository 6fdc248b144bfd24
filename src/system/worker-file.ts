// Where a thread's code is: from sources it is a .ts file, from the built package a .js file.

/** `name` without its ending, beside the module whose `import.meta.url` is `beside`. */
export function workerFile(name: string, beside: string): URL {
  return new URL(`${name}.${beside.endsWith('.ts') ? 'ts' : 'js'}`, beside);
}
