import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const CORPUS = fileURLToPath(new URL('packages/eslint-plugin/corpus/', import.meta.url));

export default defineConfig({
  plugins: [
    {
      // The programs of the corpus import this package by its name, as their users would.
      name: 'hardcap-of-the-corpus',
      resolveId: (source, importer) =>
        source === 'hardcap' && importer?.startsWith(CORPUS) === true
          ? `${CORPUS}hardcap.ts`
          : undefined,
    },
  ],
  test: {
    include: [
      'src/**/*.test.ts',
      'test/**/*.test.ts',
      'packages/*/src/**/*.test.ts',
      'packages/*/test/**/*.test.ts',
    ],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    typecheck: {
      enabled: true,
      include: ['test/types/**/*.test-d.ts'],
      tsconfig: 'test/types/tsconfig.json',
    },
  },
});
